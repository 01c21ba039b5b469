/** An object: its fields, those with defaults folded, and what the schema does not know named below. */
import { useState } from 'react';
import { type Language, useLanguage } from '../ui/language.tsx';
import { FieldRow, Problems } from './field.tsx';
import { type Field, fieldsOf, unknownMembers } from './fields.ts';
import { useForm, type ValueProps } from './form-use.ts';
import { plain } from './lines.ts';
import { nameOf } from './names.ts';
import { problemsIn, problemsOfObject } from './problems.ts';
import { below, isObject, type JsonObject } from './schema.ts';
import { UnknownMembers } from './widget-raw.tsx';

const texts = {
  more: { en: 'More', zh: '更多' },
  unset: { en: 'not set', zh: '未设置' },
  open: { en: 'Settings of {name}', zh: '“{name}”的设置' },
};

/** Draws an object's fields; below the top it is folded until it has a value or a problem. */
export function ObjectValue(props: ValueProps) {
  const { schema, pointer, value, label, required } = props;
  const { say } = useLanguage();
  const { problems } = useForm();
  const members: JsonObject = isObject(value) ? value : {};
  const depth = pointer.split('/').length;
  const body = <ObjectFields fields={fieldsOf(schema)} pointer={pointer} members={members} unknown={unknownMembers(schema, members)} />;
  if (depth <= 2 || required) return body;
  const open = Object.keys(members).length > 0 || problemsIn(problems, pointer).length > 0;
  return (
    <Fold key={String(open)} open={open} title={say(texts.open, { name: label })} note={value === undefined ? say(texts.unset) : ''}>
      {body}
    </Fold>
  );
}

interface FieldsProps {
  readonly fields: readonly Field[];
  readonly pointer: string;
  readonly members: JsonObject;
  readonly unknown: readonly string[];
}

/** Fields of an object, the advanced ones under "More". */
export function ObjectFields({ fields, pointer, members, unknown }: FieldsProps) {
  const { say, language } = useLanguage();
  const { problems } = useForm();
  // With nothing else to show, a fold in front of all would hide everything.
  const all = fields.every((field) => field.advanced);
  const shown = fields.filter((field) => all || !field.advanced);
  const folded = fields.filter((field) => !all && field.advanced);
  const own = problemsOfObject(
    problems,
    pointer,
    fields.map((field) => field.name),
  );
  const faulty = folded.some((field) => problemsIn(problems, below(pointer, field.name)).length > 0);
  const note = folded.map((field) =>
    `${nameOf(field.name, field.schema, language)} ${plainText(members[field.name] ?? field.schema.default, language)}`.trim(),
  );
  const draw = (field: Field) => <FieldRow key={field.name} field={field} parent={pointer} value={members[field.name]} />;
  return (
    <div className="weir-fields">
      <Problems own={own} />
      {shown.map(draw)}
      {folded.length > 0 ? (
        <Fold key={String(faulty)} open={faulty} title={say(texts.more)} note={note.join(' · ')}>
          {folded.map(draw)}
        </Fold>
      ) : null}
      <UnknownMembers pointer={pointer} members={members} names={unknown} />
    </div>
  );
}

function plainText(value: unknown, language: Language): string {
  return value === undefined || value === '' || typeof value === 'object' ? '' : plain(value, language);
}

function Fold(props: { readonly open: boolean; readonly title: string; readonly note: string; readonly children: React.ReactNode }) {
  const [open, setOpen] = useState(props.open);
  return (
    <details className="weir-fold" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {props.title} {open ? null : <span className="weir-quiet">{props.note}</span>}
      </summary>
      {open ? <div className="weir-fields">{props.children}</div> : null}
    </details>
  );
}
