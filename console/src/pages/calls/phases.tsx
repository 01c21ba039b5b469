/** Where a call's time went, as bars one after the other and as figures. */
import type { CallStory } from '../../../../generated/client.ts';
import { useFormats } from '../../ui/format.tsx';
import { type Text, useSay } from '../../ui/language.tsx';

type Phase = Exclude<keyof CallStory['phases'], 'totalMs'>;

const PHASES: readonly { readonly name: Phase; readonly text: Text; readonly colour: string }[] = [
  { name: 'headMs', text: { en: 'reading the head', zh: '读取请求头' }, colour: '#5b7c99' },
  { name: 'chainMs', text: { en: 'auth and policies', zh: '认证与策略' }, colour: '#8a6fb0' },
  { name: 'waitMs', text: { en: 'waiting for a connection', zh: '等待连接' }, colour: '#b0803a' },
  { name: 'connectMs', text: { en: 'connecting', zh: '建立连接' }, colour: '#3f8f6b' },
  { name: 'firstByteMs', text: { en: 'upstream or database, until the first byte', zh: '上游或数据库，至首字节' }, colour: '#0f6b82' },
  { name: 'responseMs', text: { en: 'policies on the answer', zh: '应答上的策略' }, colour: '#8a6fb0' },
];
const texts = {
  rest: { en: 'the rest: passing the answer on', zh: '其余：转发应答' },
  total: { en: 'in all', zh: '合计' },
};
const REST_COLOUR = '#7d8790';

export function Phases({ phases }: { readonly phases: CallStory['phases'] }) {
  const say = useSay();
  const formats = useFormats();
  const known = PHASES.map(({ name, text, colour }) => ({ label: say(text), colour, ms: phases[name] })).filter(({ ms }) => ms > 0);
  const rest = Math.max(0, phases.totalMs - known.reduce((sum, { ms }) => sum + ms, 0));
  const parts = [...known, { label: say(texts.rest), colour: REST_COLOUR, ms: rest }];
  const total = Math.max(phases.totalMs, 0.001);
  return (
    <>
      <div aria-hidden style={{ display: 'flex', height: 14, borderRadius: 7, overflow: 'hidden', gap: 1 }}>
        {parts.map(({ label, colour, ms }) => (
          <span key={label} style={{ width: `${(ms / total) * 100}%`, background: colour }} />
        ))}
      </div>
      <table style={{ marginBlockStart: 12 }}>
        <tbody>
          {parts.map(({ label, colour, ms }) => (
            <tr key={label}>
              <td>
                <span aria-hidden style={{ display: 'inline-block', width: 10, height: 10, borderRadius: 3, background: colour }} />
              </td>
              <th scope="row" style={{ fontWeight: 400, textAlign: 'start', paddingInline: '8px 24px' }}>
                {label}
              </th>
              <td style={{ textAlign: 'end' }}>{formats.duration(ms)}</td>
            </tr>
          ))}
          <tr>
            <td />
            <th scope="row" style={{ textAlign: 'start', paddingInline: '8px 24px' }}>
              {say(texts.total)}
            </th>
            <td style={{ textAlign: 'end' }}>
              <strong>{formats.duration(phases.totalMs)}</strong>
            </td>
          </tr>
        </tbody>
      </table>
    </>
  );
}
