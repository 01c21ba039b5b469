/** Where a resource stands: written is not yet serving. */
import { Tooltip } from 'antd';
import type { ResourceStatus } from '../../../generated/client.ts';
import { type Text, useSay } from '../ui/language.tsx';
import { Mark, type Tone } from '../ui/status.tsx';

const STATES: Readonly<Record<ResourceStatus['state'], { readonly tone: Tone; readonly text: Text }>> = {
  ready: { tone: 'good', text: { en: 'Ready', zh: '就绪' } },
  pending: { tone: 'waiting', text: { en: 'Pending', zh: '等待生效' } },
  failed: { tone: 'bad', text: { en: 'Failed', zh: '失败' } },
  disabled: { tone: 'off', text: { en: 'Disabled', zh: '已停用' } },
};

const texts = { warned: { en: '{state}, with a warning', zh: '{state}，有警告' } };

/** Mark and word; the reason on hover. */
export function ResourceState({ status }: { readonly status: ResourceStatus }) {
  const say = useSay();
  const { tone, text } = STATES[status.state];
  const why = [status.reason, ...status.warnings].filter(Boolean).join(' ');
  const isWarned = status.state === 'ready' && status.warnings.length > 0;
  const mark = <Mark tone={isWarned ? 'warning' : tone}>{isWarned ? say(texts.warned, { state: say(text) }) : say(text)}</Mark>;
  return why ? <Tooltip title={why}>{mark}</Tooltip> : mark;
}
