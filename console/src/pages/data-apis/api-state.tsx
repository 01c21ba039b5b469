/** How a data API stands. */
import type { Resource } from '../../../../generated/client.ts';
import { useSay } from '../../ui/language.tsx';
import { Mark, type Tone } from '../../ui/status.tsx';

const states: Readonly<Record<Resource['status']['state'], { readonly tone: Tone; readonly text: { en: string; zh: string } }>> = {
  ready: { tone: 'good', text: { en: 'Serving', zh: '提供服务中' } },
  pending: { tone: 'waiting', text: { en: 'Waiting', zh: '等待中' } },
  failed: { tone: 'bad', text: { en: 'Failed', zh: '失败' } },
  disabled: { tone: 'off', text: { en: 'Off', zh: '已停用' } },
};

/** State as icon and word. */
export function ApiState({ status }: { readonly status: Resource['status'] }) {
  const say = useSay();
  const { tone, text } = states[status.state];
  return <Mark tone={tone}>{say(text)}</Mark>;
}
