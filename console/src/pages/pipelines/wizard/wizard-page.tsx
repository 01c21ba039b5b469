/** A new pipeline in six steps; each is an address, and what was typed is kept. */
import { Alert, Button, Card, Space, Steps } from 'antd';
import { type ComponentType, type RefObject, useEffect, useRef } from 'react';
import { type Text, useSay } from '../../../ui/language.tsx';
import { PageHead } from '../../../ui/page-head.tsx';
import { furthestStep, STEPS, type Step } from './draft.ts';
import { ReviewStep } from './step-review.tsx';
import { ModesStep } from './step-modes.tsx';
import { ScheduleStep } from './step-schedule.tsx';
import { SourceStep } from './step-source.tsx';
import { StreamsStep } from './step-streams.tsx';
import { TargetStep } from './step-target.tsx';
import { useWizard, type Wizard } from './use-wizard.ts';

const texts = {
  title: { en: 'New pipeline', zh: '新建管道' },
  about: { en: 'From a source to a target. Nothing moves until it is saved and run.', zh: '从源到目标。保存并运行之前不会移动任何数据。' },
  restored: { en: 'Your draft of an earlier visit is back.', zh: '已恢复上次未完成的草稿。' },
  again: { en: 'Start anew', zh: '重新开始' },
  back: { en: 'Back', zh: '上一步' },
  next: { en: 'Next', zh: '下一步' },
};

const TITLES: Readonly<Record<Step, Text>> = {
  source: { en: 'Source', zh: '源' },
  streams: { en: 'Streams', zh: '流' },
  target: { en: 'Target', zh: '目标' },
  modes: { en: 'Modes', zh: '同步方式' },
  schedule: { en: 'Schedule', zh: '计划' },
  review: { en: 'Review', zh: '检查并保存' },
};

const BODIES: Readonly<Record<Step, ComponentType<{ readonly wizard: Wizard }>>> = {
  source: SourceStep,
  streams: StreamsStep,
  target: TargetStep,
  modes: ModesStep,
  schedule: ScheduleStep,
  review: ReviewStep,
};

export default function WizardPage() {
  const say = useSay();
  const wizard = useWizard();
  const { draft, step, restored, go, clear } = wizard;
  const at = STEPS.indexOf(step);
  const furthest = furthestStep(draft);
  const Body = BODIES[step];
  const section = useStepFocus(step);
  const startAnew = () => {
    clear();
    go('source');
  };
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)} />
      {restored ? (
        <Alert
          type="info"
          showIcon
          closable
          title={say(texts.restored)}
          action={
            <Button size="small" onClick={startAnew}>
              {say(texts.again)}
            </Button>
          }
          style={{ marginBlockEnd: 12 }}
        />
      ) : null}
      <Steps
        size="small"
        current={at}
        onChange={(index) => go(STEPS[index]!)}
        items={STEPS.map((one, index) => ({ key: one, title: say(TITLES[one]), disabled: index > furthest }))}
        style={{ marginBlockEnd: 16 }}
      />
      <section ref={section} tabIndex={-1} aria-label={say(TITLES[step])} className="weir-focus-place">
        <Card size="small" title={say(TITLES[step])}>
          <Body wizard={wizard} />
        </Card>
      </section>
      {step === 'review' ? null : (
        <Space style={{ marginBlockStart: 16 }}>
          {at > 0 ? <Button onClick={() => go(STEPS[at - 1]!)}>{say(texts.back)}</Button> : null}
          <Button type="primary" disabled={at >= furthest} onClick={() => go(STEPS[at + 1]!)}>
            {say(texts.next)}
          </Button>
        </Space>
      )}
    </>
  );
}

/** Keys go on at the step that was gone to: the button that led there is away, or beyond its fields. */
function useStepFocus(step: Step): RefObject<HTMLElement | null> {
  const section = useRef<HTMLElement>(null);
  const before = useRef(step);
  useEffect(() => {
    if (before.current !== step) section.current?.focus();
    before.current = step;
  }, [step]);
  return section;
}
