/** A list: each entry by its own schema, added, removed and moved by buttons that keys reach too. */
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Dropdown, Space } from 'antd';
import { useLanguage } from '../ui/language.tsx';
import { startValue, variantName } from './fields.ts';
import { useForm, type ValueProps } from './form-use.ts';
import { variantLabel } from './names.ts';
import { below, helpOf, type JsonSchema, variantsOf, type Widget, widgetOf } from './schema.ts';
import { Problems } from './field.tsx';
import { problemsIn } from './problems.ts';
import { Value } from './value.tsx';

const texts = {
  add: { en: 'Add', zh: '添加' },
  addTo: { en: 'Add to {name}', zh: '添加到“{name}”' },
  entry: { en: '{name} {number}', zh: '{name} {number}' },
  up: { en: 'Move {name} up', zh: '上移{name}' },
  down: { en: 'Move {name} down', zh: '下移{name}' },
  remove: { en: 'Remove {name}', zh: '移除{name}' },
};

const LARGE: ReadonlySet<Widget> = new Set(['object', 'variant', 'list', 'record', 'raw']);

/** Draws a list. Moving an entry keeps the caret on its button. */
export function ListValue({ schema, pointer, value, label, id }: ValueProps) {
  const { readOnly, change } = useForm();
  const entries = (value as readonly unknown[] | undefined) ?? [];
  const items = schema.items ?? {};
  const isFull = entries.length >= (schema.maxItems ?? Number.POSITIVE_INFINITY);
  const move = (from: number, to: number) => {
    const moved = [...entries];
    const [one] = moved.splice(from, 1);
    moved.splice(to, 0, one);
    change({ pointer, value: moved });
    requestAnimationFrame(() => document.getElementById(`${id}-${to}-${to < from ? 'up' : 'down'}`)?.focus());
  };
  // An absent list has no place to append to, and one that stands in the text keeps its comments.
  const add = (made: unknown) => {
    change(value === undefined ? { pointer, value: [made] } : { pointer: below(pointer, '-'), value: made });
    focusSoon(`#${CSS.escape(`${id}-${entries.length}-entry`)} :is(input, textarea, button)`);
  };
  return (
    <div style={{ display: 'grid', gap: 8 }}>
      {entries.length > 0 ? (
        <ol className="weir-items">
          {entries.map((entry, index) => (
            <Entry
              // Entries have no identity but their place.
              // oxlint-disable-next-line react/no-array-index-key
              key={index}
              {...{ items, index, entry, label, id, move, pointer: below(pointer, index), last: entries.length - 1 }}
            />
          ))}
        </ol>
      ) : null}
      {readOnly ? null : <Add id={id} items={items} label={label} disabled={isFull} onAdd={add} />}
    </div>
  );
}

interface EntryProps {
  readonly items: JsonSchema;
  readonly index: number;
  readonly last: number;
  readonly entry: unknown;
  readonly label: string;
  readonly id: string;
  readonly pointer: string;
  readonly move: (from: number, to: number) => void;
}

function Entry({ items, index, last, entry, label, id, pointer, move }: EntryProps) {
  const { say } = useLanguage();
  const { readOnly, change, problems } = useForm();
  const name = say(texts.entry, { name: label, number: index + 1 });
  const isLarge = LARGE.has(widgetOf(items));
  const own = isLarge ? problems.filter((one) => one.pointer === pointer) : problemsIn(problems, pointer);
  const remove = () => {
    change({ pointer, remove: true });
    focusSoon(`#${CSS.escape(last === 0 ? `${id}-add` : `${id}-${Math.min(index, last - 1)}-remove`)}`);
  };
  return (
    <li id={`${id}-${index}-entry`} className={isLarge ? 'weir-item weir-item-large' : 'weir-item'} aria-label={name}>
      <div style={{ minWidth: 0 }}>
        {isLarge ? null : (
          <label htmlFor={`${id}-${index}`} className="weir-hidden">
            {name}
          </label>
        )}
        <Value
          schema={items}
          pointer={pointer}
          value={entry}
          label={name}
          id={`${id}-${index}`}
          required
          invalid={own.length > 0}
          describedBy={`${id}-${index}-note`}
        />
        <div id={`${id}-${index}-note`}>
          <Problems own={own} />
        </div>
      </div>
      {readOnly ? null : (
        <Space size={0}>
          <Tool
            id={`${id}-${index}-up`}
            label={say(texts.up, { name })}
            icon={<ArrowUpOutlined aria-hidden />}
            disabled={index === 0}
            onClick={() => move(index, index - 1)}
          />
          <Tool
            id={`${id}-${index}-down`}
            label={say(texts.down, { name })}
            icon={<ArrowDownOutlined aria-hidden />}
            disabled={index === last}
            onClick={() => move(index, index + 1)}
          />
          <Tool
            id={`${id}-${index}-remove`}
            label={say(texts.remove, { name })}
            icon={<DeleteOutlined aria-hidden />}
            disabled={false}
            onClick={remove}
          />
        </Space>
      )}
    </li>
  );
}

interface ToolProps {
  readonly id: string;
  readonly label: string;
  readonly icon: React.ReactNode;
  readonly disabled: boolean;
  readonly onClick: () => void;
}

function Tool({ label, ...rest }: ToolProps) {
  return <Button type="text" size="small" aria-label={label} title={label} {...rest} />;
}

/** One button, or one choice of what to add where entries come in types. */
function Add(props: {
  readonly id: string;
  readonly items: JsonSchema;
  readonly label: string;
  readonly disabled: boolean;
  readonly onAdd: (made: unknown) => void;
}) {
  const { say, language } = useLanguage();
  const { id, items, label, disabled, onAdd } = props;
  const variants = items['x-discriminator'] ? variantsOf(items) : undefined;
  const button = (
    <Button
      id={`${id}-add`}
      size="small"
      icon={<PlusOutlined aria-hidden />}
      disabled={disabled}
      aria-label={say(texts.addTo, { name: label })}
      {...(variants ? {} : { onClick: () => onAdd(startValue(items)) })}
    >
      {say(texts.add)}
    </Button>
  );
  if (!variants) return <div>{button}</div>;
  const menu = variants.map((variant, index) => ({
    key: String(index),
    label: (
      <div style={{ maxWidth: 420, whiteSpace: 'normal' }}>
        <div>{variantLabel(variant, language)}</div>
        <small className="weir-quiet">{helpOf(variant, language) ?? variantName(variant)}</small>
      </div>
    ),
  }));
  return (
    <div>
      <Dropdown autoFocus trigger={['click']} menu={{ items: menu, onClick: ({ key }) => onAdd(startValue(variants[Number(key)]!)) }}>
        {button}
      </Dropdown>
    </div>
  );
}

/** Keys go on at what a press made, or beside what it took away, once that is drawn. */
function focusSoon(selector: string): void {
  requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector<HTMLElement>(selector)?.focus()));
}
