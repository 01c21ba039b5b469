/** The choices of one stream: mode, cursor, write, key. What is not chosen follows the pipeline. */
import { AutoComplete, Select } from 'antd';
import { type Text, useLanguage } from '../../../ui/language.tsx';
import type { StreamChoice, Write } from './draft.ts';
import type { StreamRow } from './mode-rows.ts';
import type { Wizard } from './use-wizard.ts';

const texts = {
  mode: { en: 'Mode of {stream}', zh: '{stream} 的模式' },
  cursor: { en: 'Cursor of {stream}', zh: '{stream} 的游标' },
  write: { en: 'Write of {stream}', zh: '{stream} 的写入方式' },
  key: { en: 'Key of {stream}', zh: '{stream} 的键' },
  full: { en: 'Full', zh: '全量' },
  incremental: { en: 'Incremental', zh: '增量' },
  likely: { en: 'Likely', zh: '推荐' },
  others: { en: 'Other columns', zh: '其他列' },
  asAll: { en: 'As the pipeline', zh: '与管道一致' },
  pick: { en: 'Pick a column', zh: '请选择列' },
  auto: { en: 'By itself', zh: '自动' },
};

const WRITE_WORDS: Readonly<Record<Write, Text>> = {
  upsert: { en: 'Upsert', zh: '更新插入' },
  append: { en: 'Append', zh: '追加' },
  replace: { en: 'Replace', zh: '整体替换' },
};

interface Props {
  readonly row: StreamRow;
  readonly wizard: Wizard;
}

function useChoice({ row, wizard: { draft, change } }: Props): readonly [StreamChoice, (parts: StreamChoice) => void] {
  const choice = draft.choices[row.stream] ?? {};
  return [choice, (parts) => change({ choices: { ...draft.choices, [row.stream]: { ...choice, ...parts } } })];
}

export function ModeChoice(props: Props) {
  const { say } = useLanguage();
  const [choice, choose] = useChoice(props);
  const { stream, cursors } = props.row;
  return (
    <Select<'full' | 'incremental'>
      aria-label={say(texts.mode, { stream })}
      style={{ width: 130 }}
      value={choice.mode ?? 'full'}
      options={[
        { value: 'full', label: say(texts.full) },
        { value: 'incremental', label: say(texts.incremental) },
      ]}
      onChange={(mode) => choose({ mode, ...(mode === 'incremental' && !choice.cursor ? { cursor: cursors[0]?.column ?? '' } : {}) })}
    />
  );
}

export function CursorChoice(props: Props) {
  const { say, language } = useLanguage();
  const [choice, choose] = useChoice(props);
  const { stream, cursors, columns } = props.row;
  if (choice.mode !== 'incremental') return <span className="weir-quiet">—</span>;
  const likely = cursors.map(({ column, why }) => ({ value: column, label: `${column} · ${why[language]}` }));
  const others = columns.filter((name) => !cursors.some(({ column }) => column === name)).map((value) => ({ value, label: value }));
  return (
    <AutoComplete
      aria-label={say(texts.cursor, { stream })}
      placeholder={say(texts.pick)}
      style={{ width: 180 }}
      popupMatchSelectWidth={false}
      value={choice.cursor ?? ''}
      options={[
        { label: say(texts.likely), options: likely },
        { label: say(texts.others), options: others },
      ]}
      {...(choice.cursor ? {} : { status: 'error' as const })}
      onChange={(cursor: string) => choose({ cursor })}
    />
  );
}

export function WriteChoice(props: Props) {
  const { say } = useLanguage();
  const [choice, choose] = useChoice(props);
  const { stream } = props.row;
  return (
    <Select<Write | ''>
      aria-label={say(texts.write, { stream })}
      style={{ width: 170 }}
      value={choice.write ?? ''}
      options={[
        { value: '', label: say(texts.asAll) },
        ...(Object.keys(WRITE_WORDS) as Write[]).map((value) => ({ value, label: say(WRITE_WORDS[value]) })),
      ]}
      onChange={(write) => choose(write === '' ? ({ write: undefined } as never) : { write })}
    />
  );
}

export function KeyChoice(props: Props) {
  const { say } = useLanguage();
  const [choice, choose] = useChoice(props);
  const { stream, keys, columns, planned } = props.row;
  const write = choice.write ?? props.wizard.draft.write;
  if (write !== 'upsert') return <span className="weir-quiet">—</span>;
  const known = [...new Set([...keys.flat(), ...columns])];
  return (
    <Select<string[]>
      mode="tags"
      aria-label={say(texts.key, { stream })}
      placeholder={planned ? `${say(texts.auto)}: ${planned.key.join(', ')}` : say(texts.pick)}
      style={{ minWidth: 170 }}
      value={[...(choice.key ?? [])]}
      options={known.map((value) => ({ value, label: value }))}
      {...(planned || (choice.key?.length ?? 0) > 0 ? {} : { status: 'error' as const })}
      onChange={(key) => choose({ key })}
    />
  );
}
