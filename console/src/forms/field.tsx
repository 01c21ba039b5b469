/** One member of an object: its name, its widget, help, default and problems in the place where they belong. */
import { CloseOutlined } from '@ant-design/icons';
import { Button, Tooltip } from 'antd';
import { useState } from 'react';
import { useLanguage } from '../ui/language.tsx';
import { type Field, GROUPS } from './fields.ts';
import { useForm } from './form-use.ts';
import { choiceName, nameOf } from './names.ts';
import { problemsIn } from './problems.ts';
import { below, helpOf } from './schema.ts';
import { Value } from './value.tsx';

const texts = {
  required: { en: 'required', zh: '必填' },
  yes: { en: 'Yes', zh: '是' },
  no: { en: 'No', zh: '否' },
  default: { en: 'Default: {value}', zh: '默认值：{value}' },
  reset: { en: 'Leave “{name}” out', zh: '不设置“{name}”' },
};

interface Props {
  readonly field: Field;
  /** Pointer of the object it belongs to. */
  readonly parent: string;
  readonly value: unknown;
}

/** Draws a member: a section that was not used when it was first drawn is one closed line. */
export function FieldRow(props: Props) {
  const [wasUnused] = useState(props.value === undefined);
  return props.field.section && wasUnused ? <Section {...props} /> : <OpenField {...props} />;
}

/** It stays a section however it is used, so that what has the caret is never drawn anew. */
function Section(props: Props) {
  const { field, parent, value } = props;
  const { language } = useLanguage();
  const { problems } = useForm();
  const [open, setOpen] = useState(false);
  const faulty = problemsIn(problems, below(parent, field.name)).length > 0;
  const label = nameOf(field.name, field.schema, language);
  const shown = open || faulty;
  return (
    <details className="weir-fold" open={shown} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {label}{' '}
        {shown || value !== undefined ? null : <span className="weir-quiet">{helpOf(field.schema, language)?.replaceAll('`', '')}</span>}
      </summary>
      {shown ? <OpenField {...props} body /> : null}
    </details>
  );
}

/** `body`: what would fold itself is open, since a section around it folds. */
function OpenField({ field, parent, value, body = false }: Props & { readonly body?: boolean }) {
  const { say, language } = useLanguage();
  const { problems, readOnly, change } = useForm();
  const pointer = below(parent, field.name);
  const id = `field${pointer.replaceAll('/', '-')}`;
  const isGroup = GROUPS.has(field.widget);
  const own = isGroup ? problems.filter((one) => one.pointer === pointer) : problemsIn(problems, pointer);
  const label = nameOf(field.name, field.schema, language);
  const help = helpOf(field.schema, language);
  const given = defaultText(field.schema.default);
  const written = given === undefined ? undefined : choiceName(field.schema, given, language);
  const removable = !field.required && value !== undefined && !readOnly;
  return (
    <div className="weir-field" data-pointer={pointer} {...(isGroup ? { role: 'group', 'aria-labelledby': `${id}-label` } : {})}>
      <div className="weir-field-head">
        {isGroup ? (
          <span id={`${id}-label`}>{label}</span>
        ) : (
          <label htmlFor={id} id={`${id}-label`}>
            {label}
          </label>
        )}
        {field.required ? <span className="weir-required">{say(texts.required)}</span> : null}
        {label === field.name ? null : <code className="weir-quiet">{field.name}</code>}
        {removable ? (
          <Tooltip title={say(texts.reset, { name: label })}>
            <Button
              type="text"
              size="small"
              icon={<CloseOutlined aria-hidden />}
              aria-label={say(texts.reset, { name: label })}
              onClick={() => change({ pointer, remove: true })}
            />
          </Tooltip>
        ) : null}
      </div>
      {isGroup && help ? <Help text={help} /> : null}
      <Value
        schema={field.schema}
        pointer={pointer}
        value={value}
        label={label}
        id={id}
        required={field.required || (body && field.widget === 'object')}
        describedBy={`${id}-note`}
        invalid={own.length > 0}
      />
      <div id={`${id}-note`} className="weir-field-note">
        <Problems own={own} />
        {!isGroup && help ? <Help text={help} /> : null}
        {written !== undefined && value === undefined ? (
          <div className="weir-quiet">
            {say(texts.default, { value: written === 'true' ? say(texts.yes) : written === 'false' ? say(texts.no) : written })}
          </div>
        ) : null}
      </div>
    </div>
  );
}

/** Problems in their field, in words and with a mark. */
export function Problems({ own }: { readonly own: readonly { readonly pointer: string; readonly detail: string }[] }) {
  if (own.length === 0) return null;
  return (
    <ul className="weir-field-problems" role="alert">
      {own.map((one) => (
        <li key={`${one.pointer} ${one.detail}`}>{one.detail}</li>
      ))}
    </ul>
  );
}

/** Help with `code` as code. */
export function Help({ text }: { readonly text: string }) {
  return (
    <div className="weir-quiet">{text.split('`').map((part, i) => (i % 2 === 1 ? <code key={`${i}${part}`}>{part}</code> : part))}</div>
  );
}

/** A default as it stands in a document; nothing for empty objects and lists. */
export function defaultText(value: unknown): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'object') return undefined;
  return String(value);
}
