/** Auth and policies in the order they ran, each with what it decided and why. */
import { Table, Tag } from 'antd';
import type { CallStep } from '../../../../generated/client.ts';
import { useComponents } from '../../data/components.ts';
import { ProblemLink } from '../../data/problem-words.tsx';
import { useFormats } from '../../ui/format.tsx';
import { type Text, useSay } from '../../ui/language.tsx';
import { Mark, type Tone } from '../../ui/status.tsx';
import { factName, factValue, placeName } from './fact-words.ts';

const texts = {
  step: { en: 'Step', zh: '步骤' },
  place: { en: 'From', zh: '来自' },
  phase: { en: 'Phase', zh: '阶段' },
  decision: { en: 'Decision', zh: '决定' },
  facts: { en: 'What it says', zh: '说明' },
  took: { en: 'Took', zh: '耗时' },
  request: { en: 'request', zh: '请求' },
  response: { en: 'answer', zh: '应答' },
  none: { en: 'No auth and no policy stood on this chain.', zh: '该链上没有认证与策略。' },
};

const OUTCOMES: Readonly<Record<CallStep['outcome'], { readonly tone: Tone; readonly text: Text }>> = {
  passed: { tone: 'good', text: { en: 'passed', zh: '通过' } },
  changed: { tone: 'good', text: { en: 'changed it', zh: '已修改' } },
  refused: { tone: 'bad', text: { en: 'refused', zh: '拒绝' } },
  answered: { tone: 'good', text: { en: 'answered itself', zh: '直接应答' } },
  absent: { tone: 'off', text: { en: 'did not apply', zh: '不适用' } },
  'not-reached': { tone: 'waiting', text: { en: 'not reached', zh: '未执行' } },
};

const MICROSECONDS = 1000;

export function Steps({ steps }: { readonly steps: readonly CallStep[] }) {
  const say = useSay();
  const formats = useFormats();
  return (
    <Table<CallStep & { readonly at: number }>
      size="small"
      rowKey="at"
      pagination={false}
      dataSource={steps.map((step, at) => ({ ...step, at }))}
      locale={{ emptyText: say(texts.none) }}
      scroll={{ x: 'max-content' }}
      columns={[
        { key: 'id', title: say(texts.step), render: (_, { id }) => <StepName id={id} /> },
        { key: 'place', title: say(texts.place), render: (_, { place }) => say(placeName(place)) },
        { key: 'phase', title: say(texts.phase), render: (_, { phase }) => say(texts[phase]) },
        {
          key: 'outcome',
          title: say(texts.decision),
          render: (_, { outcome, code }) => (
            <>
              <Mark tone={OUTCOMES[outcome].tone}>{say(OUTCOMES[outcome].text)}</Mark>
              {code ? (
                <span style={{ marginInlineStart: 8 }}>
                  <ProblemLink code={code} />
                </span>
              ) : null}
            </>
          ),
        },
        {
          key: 'facts',
          title: say(texts.facts),
          render: (_, { facts }) =>
            Object.entries(facts).map(([name, value]) => (
              <Tag key={name}>
                {say(factName(name))}: {typeof value === 'number' ? formats.number(value) : say(factValue(name, value))}
              </Tag>
            )),
        },
        { key: 'us', title: say(texts.took), align: 'right', render: (_, { us }) => formats.duration(us / MICROSECONDS) },
      ]}
    />
  );
}

/** An auth method or policy as people call it, and its id. */
function StepName({ id }: { readonly id: string }) {
  const say = useSay();
  const { data = [] } = useComponents();
  const title = data.find((one) => one.id === id && one.kind !== 'resource')?.title;
  return (
    <>
      <strong>{title ? say(title) : id}</strong>
      {title ? <code className="weir-quiet"> {id}</code> : null}
    </>
  );
}
