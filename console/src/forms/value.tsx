/** Chooses the widget of a value. One that the form cannot draw is kept, and edited as text. */
import type { ComponentType } from 'react';
import { fits } from './fields.ts';
import type { ValueProps } from './form-use.ts';
import { type Widget, widgetOf } from './schema.ts';
import { ListValue } from './widget-list.tsx';
import { ObjectValue } from './widget-object.tsx';
import { BooleanValue, EnumValue, ExpressionValue, LongTextValue, NumberValue, TextValue, UnitValue } from './widget-plain.tsx';
import { RawValue } from './widget-raw.tsx';
import { RecordValue } from './widget-record.tsx';
import { RefValue } from './widget-ref.tsx';
import { SecretValue } from './widget-secret.tsx';
import { SqlValue } from './widget-sql.tsx';
import { VariantValue } from './widget-variant.tsx';

const WIDGETS: Readonly<Record<Widget, ComponentType<ValueProps>>> = {
  text: TextValue,
  'long-text': LongTextValue,
  number: NumberValue,
  boolean: BooleanValue,
  enum: EnumValue,
  list: ListValue,
  record: RecordValue,
  object: ObjectValue,
  variant: VariantValue,
  secret: SecretValue,
  duration: UnitValue,
  bytes: UnitValue,
  ref: RefValue,
  expression: ExpressionValue,
  sql: SqlValue,
  raw: RawValue,
};

/** Draws one value by its schema. */
export function Value(props: ValueProps) {
  const Chosen = fits(props.schema, props.value) ? WIDGETS[widgetOf(props.schema)] : RawValue;
  return <Chosen {...props} />;
}
