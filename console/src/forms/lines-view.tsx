/** Settings by name, read-only; what is longer than a screen is cut, and the document has all of it. */
import { useSay } from '../ui/language.tsx';
import type { Line } from './lines.ts';

const texts = { more: { en: '{count} more: see the YAML.', zh: '另有 {count} 项，见 YAML。' } };

const LINES_MAX = 80;
const CHARACTERS_MAX = 600;

/** Draws the lines; nothing where there are none. */
export function Lines({ lines }: { readonly lines: readonly Line[] }) {
  const say = useSay();
  if (lines.length === 0) return null;
  return (
    <>
      <dl className="weir-lines">
        {lines.slice(0, LINES_MAX).map(({ label, text }) => (
          <div key={label}>
            {label === '' ? null : <dt className="weir-quiet">{label}</dt>}
            <dd>{text.length > CHARACTERS_MAX ? `${text.slice(0, CHARACTERS_MAX)}…` : text}</dd>
          </div>
        ))}
      </dl>
      {lines.length > LINES_MAX ? <div className="weir-quiet">{say(texts.more, { count: lines.length - LINES_MAX })}</div> : null}
    </>
  );
}
