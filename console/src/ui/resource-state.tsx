/** Whether a resource is in force, with the reason when it is not. */
import { Tooltip } from 'antd';
import type { ResourceStatus } from '../../../generated/client.ts';
import { type Text, useSay } from './language.tsx';
import { Mark, type Tone } from './status.tsx';

/** Mark and word of each state. */
export const RESOURCE_STATES: Readonly<Record<ResourceStatus['state'], { readonly tone: Tone; readonly text: Text }>> = {
  ready: { tone: 'good', text: { en: 'in force', zh: '已生效' } },
  pending: { tone: 'waiting', text: { en: 'waiting', zh: '等待生效' } },
  failed: { tone: 'bad', text: { en: 'not in force', zh: '未生效' } },
  disabled: { tone: 'off', text: { en: 'disabled', zh: '已停用' } },
};

export function ResourceState({ status }: { readonly status: ResourceStatus }) {
  const say = useSay();
  const { tone, text } = RESOURCE_STATES[status.state];
  const warned = status.state === 'ready' && status.warnings.length > 0;
  const why = [status.reason, ...status.warnings].filter(Boolean).join('\n');
  const mark = <Mark tone={warned ? 'warning' : tone}>{say(text)}</Mark>;
  return why ? (
    <Tooltip title={<span style={{ whiteSpace: 'pre-line' }}>{why}</span>}>
      <span>{mark}</span>
    </Tooltip>
  ) : (
    mark
  );
}
