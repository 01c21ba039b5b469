/** Widgets of single values: text, number, yes or no, choice, length of time, size, path into a request. */
import { AutoComplete, Input, InputNumber, Segmented, Select, Switch } from 'antd';
import { type Say, useLanguage, useSay } from '../ui/language.tsx';
import { useForm, type ValueProps } from './form-use.ts';
import { Problems } from './field.tsx';
import { choiceName } from './names.ts';
import { unitFault } from './units.ts';

const texts = {
  yes: { en: 'Yes', zh: '是' },
  no: { en: 'No', zh: '否' },
  unset: { en: 'Not set', zh: '未设置' },
  example: { en: 'e.g. {value}', zh: '例如 {value}' },
  durationForm: { en: 'Write a time such as 500ms, 30s, 5m, 1h30m or 7d.', zh: '请填写时长，例如 500ms、30s、5m、1h30m 或 7d。' },
  bytesForm: { en: 'Write a size such as 512KiB, 10MiB or 1GB.', zh: '请填写大小，例如 512KiB、10MiB 或 1GB。' },
  small: { en: 'At least {bound}.', zh: '不小于 {bound}。' },
  large: { en: 'At most {bound}.', zh: '不大于 {bound}。' },
};

const SEGMENTS_MAX = 4;
const SEGMENT_LETTERS_MAX = 40;

/** Sets a text; an empty one takes an optional member away. */
function useText({ pointer, required }: ValueProps): (typed: string) => void {
  const { change } = useForm();
  return (typed) => change(typed === '' && !required ? { pointer, remove: true } : { pointer, value: typed });
}

/** What stands in an empty field: the default, else an example. */
function placeholder({ schema }: ValueProps, say: Say): string {
  if (typeof schema.default === 'string' || typeof schema.default === 'number') return String(schema.default);
  const [example] = schema.examples ?? [];
  return typeof example === 'string' || typeof example === 'number' ? say(texts.example, { value: example }) : '';
}

const marks = ({ id, label, describedBy, invalid }: ValueProps) => ({
  id,
  'aria-label': label,
  'aria-describedby': describedBy,
  'aria-invalid': invalid === true,
  ...(invalid ? { status: 'error' as const } : {}),
});

export function TextValue(props: ValueProps) {
  const say = useSay();
  const { readOnly } = useForm();
  const set = useText(props);
  return (
    <Input
      {...marks(props)}
      disabled={readOnly}
      value={(props.value as string | undefined) ?? ''}
      placeholder={placeholder(props, say)}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => set(event.target.value)}
    />
  );
}

export function LongTextValue(props: ValueProps) {
  const say = useSay();
  const { readOnly } = useForm();
  const set = useText(props);
  return (
    <Input.TextArea
      {...marks(props)}
      disabled={readOnly}
      value={(props.value as string | undefined) ?? ''}
      placeholder={placeholder(props, say)}
      autoSize={{ minRows: 3, maxRows: 16 }}
      onChange={(event) => set(event.target.value)}
    />
  );
}

export function NumberValue(props: ValueProps) {
  const say = useSay();
  const { readOnly, change } = useForm();
  const { pointer, schema, value } = props;
  return (
    <InputNumber<number>
      {...marks(props)}
      disabled={readOnly}
      style={{ width: 200 }}
      value={(value as number | undefined) ?? null}
      {...(schema.type === 'integer' ? { precision: 0 } : {})}
      placeholder={placeholder(props, say)}
      onChange={(typed) => change(typed === null ? { pointer, remove: true } : { pointer, value: typed })}
    />
  );
}

export function BooleanValue(props: ValueProps) {
  const say = useSay();
  const { readOnly, change } = useForm();
  const { pointer, schema, value, id, label } = props;
  if (schema.default !== undefined || props.required) {
    return (
      <Switch
        id={id}
        aria-label={label}
        disabled={readOnly}
        checked={((value ?? schema.default) as boolean | undefined) ?? false}
        checkedChildren={say(texts.yes)}
        unCheckedChildren={say(texts.no)}
        onChange={(checked) => change({ pointer, value: checked })}
      />
    );
  }
  return (
    <Segmented<string>
      id={id}
      aria-label={label}
      disabled={readOnly}
      value={value === undefined ? 'unset' : String(value)}
      options={[
        { value: 'unset', label: say(texts.unset) },
        { value: 'true', label: say(texts.yes) },
        { value: 'false', label: say(texts.no) },
      ]}
      onChange={(chosen) => change(chosen === 'unset' ? { pointer, remove: true } : { pointer, value: chosen === 'true' })}
    />
  );
}

export function EnumValue(props: ValueProps) {
  const { readOnly, change } = useForm();
  const { language } = useLanguage();
  const { pointer, schema, value, id, label } = props;
  const choices = schema.enum ?? [schema.const];
  const options = choices.map((choice) => ({ value: String(choice), label: choiceName(schema, choice, language) }));
  const choose = (chosen: string | undefined) => {
    if (chosen === undefined) return change({ pointer, remove: true });
    return change({ pointer, value: choices.find((choice) => String(choice) === chosen) });
  };
  const shown = value ?? schema.default;
  const isShort = options.length <= SEGMENTS_MAX && options.map((one) => one.label).join('').length <= SEGMENT_LETTERS_MAX;
  // A row of buttons always shows one as chosen: it suits only a value that is never absent.
  if (isShort && shown !== undefined) {
    return <Segmented<string> id={id} aria-label={label} disabled={readOnly} value={String(shown)} options={options} onChange={choose} />;
  }
  return (
    <Select<string>
      {...marks(props)}
      aria-label={label}
      disabled={readOnly}
      showSearch
      allowClear={!props.required}
      style={{ minWidth: 220 }}
      {...(shown === undefined ? {} : { value: String(shown) })}
      options={options}
      onChange={choose}
    />
  );
}

/** A length of time or a size, checked while it is typed. */
export function UnitValue(props: ValueProps) {
  const say = useSay();
  const { schema, value } = props;
  const unit = schema['x-duration'] ? 'duration' : 'bytes';
  const minimum = schema['x-minimum'] as string | undefined;
  const maximum = schema['x-maximum'] as string | undefined;
  const fault = typeof value === 'string' ? unitFault(value, unit, minimum, maximum) : undefined;
  const detail = {
    form: say(unit === 'duration' ? texts.durationForm : texts.bytesForm),
    small: say(texts.small, { bound: minimum ?? '' }),
    large: say(texts.large, { bound: maximum ?? '' }),
  };
  return (
    <div className="weir-narrow">
      <TextValue {...props} invalid={props.invalid === true || fault !== undefined} />
      {fault && !props.invalid ? <Problems own={[{ pointer: props.pointer, detail: detail[fault] }]} /> : null}
    </div>
  );
}

/** A path into the request or caller, its usual ones offered. */
export function ExpressionValue(props: ValueProps) {
  const say = useSay();
  const { readOnly } = useForm();
  const set = useText(props);
  const { schema, value } = props;
  const options = (schema.examples ?? []).filter((one) => typeof one === 'string').map((one) => ({ value: one }));
  return (
    <AutoComplete
      {...marks(props)}
      disabled={readOnly}
      value={(value as string | undefined) ?? ''}
      options={options}
      placeholder={placeholder(props, say)}
      style={{ width: '100%' }}
      onChange={(typed: string | undefined) => set(typed ?? '')}
    />
  );
}
