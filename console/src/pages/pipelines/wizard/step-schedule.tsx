/** Step 5: when it runs by itself. */
import { Form, Input, Radio, Select } from 'antd';
import { useMemo, useState } from 'react';
import { type Text, useSay } from '../../../ui/language.tsx';
import { wordsOf } from '../schedule-words.ts';
import type { Wizard } from './use-wizard.ts';

const texts = {
  when: { en: 'When it runs', zh: '运行时间' },
  hand: { en: 'By hand only', zh: '仅手动' },
  own: { en: 'Another time (cron)', zh: '其他时间（cron）' },
  cron: { en: 'Cron fields', zh: 'cron 表达式' },
  cronHint: { en: 'Minute, hour, day of month, month, day of week.', zh: '分、时、日、月、星期。' },
  zone: { en: 'Time zone', zh: '时区' },
  means: { en: 'Means: {words}', zh: '含义：{words}' },
};

const COMMON = ['*/5 * * * *', '*/15 * * * *', '0 * * * *', '0 2 * * *', '0 6 * * 1'] as const;
const HAND = '';
const OWN = 'own';

export function ScheduleStep({ wizard: { draft, change } }: { readonly wizard: Wizard }) {
  const say = useSay();
  const [own, setOwn] = useState(draft.cron !== '' && !(COMMON as readonly string[]).includes(draft.cron));
  const zones = useMemo(() => [...new Set(['UTC', draft.timezone, ...Intl.supportedValuesOf('timeZone')])], [draft.timezone]);
  const words = wordsOf(draft.cron);
  const label = (text: Text, values = {}) => say(text, values);
  return (
    <Form layout="vertical" style={{ maxWidth: 460 }}>
      <Form.Item label={say(texts.when)}>
        <Radio.Group
          vertical
          aria-label={say(texts.when)}
          value={own ? OWN : draft.cron}
          onChange={({ target }) => {
            setOwn(target.value === OWN);
            change({ cron: target.value === OWN ? draft.cron || '30 3 * * *' : (target.value as string) });
          }}
          options={[
            { value: HAND, label: say(texts.hand) },
            ...COMMON.map((cron) => ({ value: cron, label: label(wordsOf(cron)!.text, wordsOf(cron)!.values) })),
            { value: OWN, label: say(texts.own) },
          ]}
        />
      </Form.Item>
      {own ? (
        <Form.Item
          label={say(texts.cron)}
          htmlFor="wizard-cron"
          extra={words ? say(texts.means, { words: say(words.text, words.values) }) : say(texts.cronHint)}
        >
          <Input
            id="wizard-cron"
            maxLength={100}
            spellCheck={false}
            value={draft.cron}
            onChange={(event) => change({ cron: event.target.value })}
          />
        </Form.Item>
      ) : null}
      {draft.cron === '' ? null : (
        <Form.Item label={say(texts.zone)} htmlFor="wizard-zone">
          <Select
            id="wizard-zone"
            showSearch
            value={draft.timezone}
            options={zones.map((value) => ({ value, label: value }))}
            onChange={(timezone) => change({ timezone })}
          />
        </Form.Item>
      )}
    </Form>
  );
}
