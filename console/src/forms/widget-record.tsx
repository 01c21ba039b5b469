/** A record: names chosen by people, each with a value of one schema. */
import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Input } from 'antd';
import { useEffect, useState } from 'react';
import { useSay } from '../ui/language.tsx';
import type { Change } from './change.ts';
import { Problems } from './field.tsx';
import { startValue } from './fields.ts';
import { useForm, type ValueProps } from './form-use.ts';
import { problemsIn } from './problems.ts';
import { below, isObject, type JsonObject, type JsonSchema, recordItems, recordNames, type Widget, widgetOf } from './schema.ts';
import { useHeld } from './use-held.ts';
import { Value } from './value.tsx';

const texts = {
  name: { en: 'Name in {record}', zh: '“{record}”中的名称' },
  add: { en: 'Add', zh: '添加' },
  addTo: { en: 'Add to {record}', zh: '添加到“{record}”' },
  remove: { en: 'Remove {name}', zh: '移除 {name}' },
  taken: { en: 'This name is there already.', zh: '此名称已存在。' },
  notAllowed: { en: 'This name is not allowed here.', zh: '此处不允许使用该名称。' },
};

/** Draws a record. A name changes when its field is left, so that no half-typed name becomes one. */
export function RecordValue({ schema, pointer, value, label, id }: ValueProps) {
  const { readOnly } = useForm();
  const members: JsonObject = isObject(value) ? value : {};
  const items = recordItems(schema) ?? {};
  const renamed = (from: string, to: string): Change => ({
    pointer,
    value: Object.fromEntries(Object.entries(members).map(([name, item]) => [name === from ? to : name, item])),
  });
  const isFull = Object.keys(members).length >= (schema.maxProperties ?? Number.POSITIVE_INFINITY);
  return (
    <div className="weir-items">
      {Object.entries(members).map(([name, item]) => (
        <Row
          key={name}
          {...{ schema, items, pointer: below(pointer, name), name, item, record: label, id: `${id}-${name}` }}
          taken={members}
          renamed={renamed}
        />
      ))}
      {readOnly || isFull ? null : (
        <NewName
          schema={schema}
          record={label}
          id={id}
          taken={members}
          added={(name) => ({ pointer: below(pointer, name), value: startValue(items) })}
        />
      )}
    </div>
  );
}

/** Values too wide to stand beside their name. */
const LARGE: ReadonlySet<Widget> = new Set(['object', 'variant', 'list', 'record']);

interface RowProps {
  readonly schema: JsonSchema;
  readonly items: JsonSchema;
  readonly pointer: string;
  readonly name: string;
  readonly item: unknown;
  readonly record: string;
  readonly id: string;
  readonly taken: JsonObject;
  readonly renamed: (from: string, to: string) => Change;
}

function Row({ schema, items, pointer, name, item, record, id, taken, renamed }: RowProps) {
  const say = useSay();
  const { readOnly, change, problems } = useForm();
  const [typed, setTyped] = useState(name);
  const hold = useHeld(`${pointer} name`);
  useEffect(() => setTyped(name), [name]);
  const faultOf = (given: string) => (given === name ? undefined : nameFault(schema, taken, given));
  const fault = faultOf(typed);
  const type = (given: string) => {
    setTyped(given);
    hold(given === name || faultOf(given) ? undefined : renamed(name, given));
  };
  const leave = () => {
    hold();
    if (fault || typed === name) setTyped(name);
    else change(renamed(name, typed));
  };
  const own = LARGE.has(widgetOf(items)) ? problems.filter((one) => one.pointer === pointer) : problemsIn(problems, pointer);
  const isLarge = LARGE.has(widgetOf(items));
  return (
    <div className={isLarge ? 'weir-record-row weir-record-large weir-item-large' : 'weir-record-row'}>
      <div>
        <Input
          aria-label={say(texts.name, { record })}
          disabled={readOnly}
          value={typed}
          onChange={(event) => type(event.target.value)}
          onBlur={leave}
        />
        {fault ? <Problems own={[{ pointer, detail: say(texts[fault]) }]} /> : null}
      </div>
      <div style={{ minWidth: 0 }}>
        <label htmlFor={id} className="weir-hidden">
          {name}
        </label>
        <Value schema={items} pointer={pointer} value={item} label={name} id={id} required invalid={own.length > 0} />
        <Problems own={own} />
      </div>
      {readOnly ? null : (
        <Button
          type="text"
          size="small"
          icon={<DeleteOutlined aria-hidden />}
          aria-label={say(texts.remove, { name })}
          title={say(texts.remove, { name })}
          onClick={() => change({ pointer, remove: true })}
        />
      )}
    </div>
  );
}

function NewName(props: {
  readonly schema: JsonSchema;
  readonly record: string;
  readonly id: string;
  readonly taken: JsonObject;
  readonly added: (name: string) => Change;
}) {
  const say = useSay();
  const { schema, record, id, taken, added } = props;
  const { change } = useForm();
  const hold = useHeld(`${id} new`);
  const [typed, setTyped] = useState('');
  const faultOf = (given: string) => (given === '' ? undefined : nameFault(schema, taken, given));
  const fault = faultOf(typed);
  const type = (given: string) => {
    setTyped(given);
    hold(given === '' || faultOf(given) ? undefined : added(given));
  };
  const add = () => {
    if (typed === '' || fault) return;
    change(added(typed));
    type('');
    requestAnimationFrame(() => document.getElementById(`${id}-${typed}`)?.focus());
  };
  return (
    <div className="weir-record-row">
      <div>
        <Input
          id={id}
          aria-label={say(texts.name, { record })}
          value={typed}
          onChange={(event) => type(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
            event.preventDefault();
            add();
          }}
        />
        {fault ? <Problems own={[{ pointer: id, detail: say(texts[fault]) }]} /> : null}
      </div>
      <div>
        <Button
          icon={<PlusOutlined aria-hidden />}
          aria-label={say(texts.addTo, { record })}
          disabled={typed === '' || fault !== undefined}
          onClick={add}
        >
          {say(texts.add)}
        </Button>
      </div>
    </div>
  );
}

function nameFault(schema: JsonSchema, taken: JsonObject, name: string): 'taken' | 'notAllowed' | undefined {
  if (Object.hasOwn(taken, name)) return 'taken';
  const pattern = recordNames(schema);
  return name === '' || (pattern !== undefined && !new RegExp(pattern).test(name)) ? 'notAllowed' : undefined;
}
