/** The parameters, found by themselves in SQL and path; every edit goes into the document. */
import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Card, Checkbox, Empty, Input, Select, Space, Tag, Tooltip } from 'antd';
import { useState } from 'react';
import type { Change } from '../../forms/change.ts';
import { useSay } from '../../ui/language.tsx';
import { parameterField } from './mistake-place.ts';
import {
  declareAll,
  declareChange,
  exampleOf,
  type ParameterRow,
  TYPE_NAMES,
  type TypeName,
  typeName,
  withType,
  withValue,
} from './parameters.ts';
import { TYPE_WORDS } from './type-words.ts';

const texts = {
  none: { en: 'No parameters. Write #{name} in the SQL and it appears here.', zh: '没有参数。在 SQL 中写 #{name}，它就会出现在这里。' },
  place: { en: 'Taken from', zh: '来源' },
  type: { en: 'Type', zh: '类型' },
  required: { en: 'Needed', zh: '必填' },
  default: { en: 'Default', zh: '默认值' },
  example: { en: 'Example', zh: '示例值' },
  exampleHint: { en: 'Run sends the examples as values; an empty one is left out.', zh: '运行时以示例值作为参数值；为空则不传。' },
  description: { en: 'Description', zh: '说明' },
  line: { en: 'line {lines}', zh: '第 {lines} 行' },
  inPath: { en: 'path', zh: '路径' },
  nowhere: { en: 'used nowhere', zh: '未使用' },
  found: { en: 'found', zh: '自动发现' },
  foundHint: { en: 'Not in the document yet; publishing adds it.', zh: '尚未写入文档，发布时会自动加入。' },
  add: { en: 'Add all to the document', zh: '全部写入文档' },
  remove: { en: 'Remove {name}', zh: '移除 {name}' },
  of: { en: '{label} of {name}', zh: '{name} 的{label}' },
  in_query: { en: 'query', zh: '查询参数' },
  in_path: { en: 'path', zh: '路径' },
  in_header: { en: 'header', zh: '请求头' },
};

interface Props {
  readonly rows: readonly ParameterRow[];
  readonly readOnly: boolean;
  /** Mistakes by parameter name. */
  readonly mistakes: ReadonlyMap<string, string>;
  readonly change: (change: Change) => void;
}

/** Draws a card for each. */
export function ParametersPanel({ rows, readOnly, mistakes, change }: Props) {
  const say = useSay();
  if (rows.length === 0) return <Empty description={say(texts.none)} image={Empty.PRESENTED_IMAGE_SIMPLE} />;
  const undeclared = declareAll(rows);
  return (
    <div style={{ display: 'grid', gap: 8 }}>
      <div className="weir-quiet" style={{ fontSize: 12 }}>
        {say(texts.exampleHint)}
      </div>
      {rows.map((row) => (
        <ParameterCard key={row.name} row={row} readOnly={readOnly} mistake={mistakes.get(row.name)} change={change} />
      ))}
      {undeclared.length > 0 && !readOnly ? (
        <Button size="small" icon={<PlusOutlined aria-hidden />} onClick={() => undeclared.forEach(change)}>
          {say(texts.add)}
        </Button>
      ) : null}
    </div>
  );
}

interface CardProps {
  readonly row: ParameterRow;
  readonly readOnly: boolean;
  readonly mistake: string | undefined;
  readonly change: (change: Change) => void;
}

function ParameterCard({ row, readOnly, mistake, change }: CardProps) {
  const say = useSay();
  const set = (changes: Parameters<typeof declareChange>[1]) => change(declareChange(row, changes));
  const label = (text: { en: string; zh: string }) => say(texts.of, { label: say(text), name: row.name });
  const options = TYPE_NAMES.map((value) => ({ value, label: say(TYPE_WORDS[value]) }));
  return (
    <Card
      size="small"
      title={<CardTitle row={row} />}
      extra={row.declared && !readOnly ? <Remove name={row.name} change={change} /> : null}
    >
      <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', gap: 8 }}>
        <Select
          size="small"
          aria-label={label(texts.place)}
          disabled={readOnly}
          value={row.in}
          options={(['query', 'path', 'header'] as const).map((value) => ({ value, label: say(texts[`in_${value}`]) }))}
          onChange={(place) => set({ in: place })}
        />
        <Select<TypeName>
          id={parameterField(row.name, 'type')}
          size="small"
          aria-label={label(texts.type)}
          disabled={readOnly}
          value={typeName(row.schema)}
          options={options}
          onChange={(name) => set({ schema: withType(name) })}
        />
        <TypedInput
          id={parameterField(row.name, 'example')}
          label={label(texts.example)}
          placeholder={say(texts.example)}
          disabled={readOnly}
          value={exampleOf(row.schema)}
          onChange={(typed) => set({ schema: withValue(row.schema, 'examples', typed) })}
        />
        <TypedInput
          label={label(texts.default)}
          placeholder={say(texts.default)}
          disabled={readOnly || row.in === 'path'}
          value={row.schema['default'] === undefined ? '' : String(row.schema['default'])}
          onChange={(typed) => set({ schema: withValue(row.schema, 'default', typed) })}
        />
        <TypedInput
          label={label(texts.description)}
          placeholder={say(texts.description)}
          disabled={readOnly}
          value={row.description}
          onChange={(description) => set({ description })}
        />
        <Checkbox
          disabled={readOnly || row.in === 'path'}
          checked={row.required}
          onChange={(event) => set({ required: event.target.checked })}
        >
          {say(texts.required)}
        </Checkbox>
      </div>
      {mistake === undefined ? null : (
        <div role="alert" style={{ color: 'var(--ant-color-error)', marginBlockStart: 6 }}>
          {mistake}
        </div>
      )}
    </Card>
  );
}

function CardTitle({ row }: { readonly row: ParameterRow }) {
  const say = useSay();
  const places = [
    ...(row.in === 'path' ? [say(texts.inPath)] : []),
    ...(row.lines.length > 0 ? [say(texts.line, { lines: row.lines.join(', ') })] : []),
  ];
  return (
    <Space size={6} wrap>
      <code>{row.name}</code>
      {row.declared ? null : (
        <Tooltip title={say(texts.foundHint)}>
          <Tag color="processing">{say(texts.found)}</Tag>
        </Tooltip>
      )}
      <span className="weir-quiet" style={{ fontSize: 12, fontWeight: 400 }}>
        {places.length > 0 ? places.join(' · ') : say(texts.nowhere)}
        {row.inferred ? ` · ${row.inferred}` : ''}
      </span>
    </Space>
  );
}

function Remove({ name, change }: { readonly name: string; readonly change: (change: Change) => void }) {
  const say = useSay();
  const label = say(texts.remove, { name });
  return (
    <Tooltip title={label}>
      <Button
        size="small"
        type="text"
        icon={<DeleteOutlined aria-hidden />}
        aria-label={label}
        onClick={() => change({ pointer: `/spec/parameters/${name}`, remove: true })}
      />
    </Tooltip>
  );
}

/** Shows what is typed as typed (`1.` on the way to `1.5`) until the field is left; the document has it with each key. */
function TypedInput(props: {
  readonly id?: string;
  readonly label: string;
  readonly placeholder: string;
  readonly disabled: boolean;
  readonly value: string;
  readonly onChange: (typed: string) => void;
}) {
  const { id, label, placeholder, disabled, value, onChange } = props;
  const [typed, setTyped] = useState<string>();
  return (
    <Input
      {...(id === undefined ? {} : { id })}
      size="small"
      aria-label={label}
      placeholder={placeholder}
      disabled={disabled}
      value={typed ?? value}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(event.target.value);
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}
