/** A secret: written, never read. Either a new value, the name of a Secret, or the one that is kept. */
import { Button, Input, Segmented, Select, Space } from 'antd';
import { useRef, useState } from 'react';
import { useSay } from '../ui/language.tsx';
import { Mark } from '../ui/status.tsx';
import { useForm, type ValueProps } from './form-use.ts';
import { isKept, secretName } from './secrets.ts';
import { useNames } from './widget-ref.tsx';

const texts = {
  kept: { en: 'Kept; it is never shown', zh: '已保存，不再显示' },
  replace: { en: 'Replace', zh: '替换' },
  undo: { en: 'Keep the old one', zh: '保留原值' },
  value: { en: 'A value', zh: '直接填写' },
  secret: { en: 'A Secret', zh: '引用机密' },
  way: { en: 'Where {name} comes from', zh: '“{name}”的来源' },
  choose: { en: 'Choose a Secret …', zh: '选择机密…' },
  create: { en: 'New Secret (opens beside this page)', zh: '新建机密（在新标签页打开）' },
};

export function SecretValue(props: ValueProps) {
  const say = useSay();
  const { readOnly, change } = useForm();
  const { pointer, value, id, label } = props;
  const text = (value as string | undefined) ?? '';
  const kept = useRef(isKept(text) ? text : undefined);
  if (isKept(text)) kept.current = text;
  const reference = secretName(text);
  const [way, setWay] = useState<'value' | 'secret'>(reference === undefined ? 'value' : 'secret');
  if (readOnly || isKept(text)) {
    return (
      <Space id={id}>
        <Mark tone="good">{reference === undefined ? say(texts.kept) : text}</Mark>
        {readOnly ? null : (
          <Button size="small" onClick={() => change({ pointer, value: '' })}>
            {say(texts.replace)}
          </Button>
        )}
      </Space>
    );
  }
  return (
    <div style={{ display: 'grid', gap: 8, justifyItems: 'start' }}>
      <Space wrap>
        <Segmented
          aria-label={say(texts.way, { name: label })}
          value={way}
          options={[
            { value: 'value' as const, label: say(texts.value) },
            { value: 'secret' as const, label: say(texts.secret) },
          ]}
          onChange={setWay}
        />
        {kept.current === undefined ? null : (
          <Button size="small" onClick={() => change({ pointer, value: kept.current })}>
            {say(texts.undo)}
          </Button>
        )}
      </Space>
      {way === 'value' ? <NewValue {...props} value={reference === undefined ? text : ''} /> : <Reference {...props} value={reference} />}
    </div>
  );
}

function NewValue({ pointer, value, id, required, describedBy, invalid, schema }: ValueProps) {
  const { change } = useForm();
  const set = (typed: string) => change(typed === '' && !required ? { pointer, remove: true } : { pointer, value: typed });
  const shared = { id, 'aria-describedby': describedBy, ...(invalid ? { status: 'error' as const } : {}), value: value as string };
  // A field of one line would lose the line ends of a key.
  if (schema['x-multiline'])
    return (
      <Input.TextArea
        {...shared}
        autoComplete="off"
        spellCheck={false}
        autoSize={{ minRows: 3, maxRows: 8 }}
        onChange={(event) => set(event.target.value)}
      />
    );
  return <Input.Password {...shared} autoComplete="new-password" style={{ maxWidth: 420 }} onChange={(event) => set(event.target.value)} />;
}

function Reference({ pointer, value, id, label }: ValueProps) {
  const say = useSay();
  const { change, project } = useForm();
  const { data = [], isPending } = useNames('Secret', project);
  return (
    <Space wrap>
      <Select<string>
        id={id}
        aria-label={label}
        loading={isPending}
        showSearch={{ optionFilterProp: 'value' }}
        placeholder={say(texts.choose)}
        style={{ minWidth: 260 }}
        {...(value ? { value: value as string } : {})}
        options={data.map(({ name }) => ({ value: name, label: name }))}
        onChange={(name) => change({ pointer, value: `\${secret:${name}}` })}
      />
      <a href={`/resources/new/Secret?project=${project}`} target="_blank" rel="noreferrer">
        {say(texts.create)}
      </a>
    </Space>
  );
}
