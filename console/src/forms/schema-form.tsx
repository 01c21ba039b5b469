/**
 * A form from a JSON Schema of a kind or component. It holds no value of its own: each edit is one change at a pointer,
 * so that a document's text can be changed in that place alone. What the schema does not know is kept and shown.
 */
import { useMemo } from 'react';
import { applyChange, type Change } from './change.ts';
import { FormProvider, type SqlTables } from './form-use.ts';
import type { PointedProblem } from './problems.ts';
import type { JsonSchema } from './schema.ts';
import { Value } from './value.tsx';
import './forms.css';

interface Props {
  readonly schema: JsonSchema;
  /** The value as it is now. */
  readonly value: unknown;
  /** Gets the value after an edit, and the edit itself with a pointer that begins with `at`. */
  readonly onChange: (value: unknown, change: Change) => void;
  /** Gets what leaving a field would change, see `FormUse.hold`. */
  readonly onHold?: (place: string, change?: Change) => void;
  /** Shown at their fields; pointers begin with `at`. */
  readonly problems?: readonly PointedProblem[];
  readonly readOnly?: boolean;
  /** Pointer of `value` in its document, such as `/spec`; '' unless said otherwise. */
  readonly at?: string;
  /** Project whose resources `x-ref` and `x-secret` fields offer. */
  readonly project?: string;
  /** Tables and columns for completion in SQL fields. */
  readonly sqlTables?: SqlTables;
  /** Name of the whole, for assistive technology. */
  readonly label: string;
}

const NONE: readonly PointedProblem[] = [];
const NO_TABLES: SqlTables = {};
const nobody = () => undefined;

/** Draws the form. */
export function SchemaForm(props: Props) {
  const { schema, value, onChange, problems = NONE, readOnly = false, at = '', project = 'default', sqlTables = NO_TABLES, label } = props;
  const { onHold: hold = nobody } = props;
  const shared = useMemo(
    () => ({
      problems,
      readOnly,
      project,
      sqlTables,
      hold,
      change: (change: Change) => onChange(applyChange(value, { ...change, pointer: change.pointer.slice(at.length) }), change),
    }),
    [problems, readOnly, project, sqlTables, hold, onChange, value, at],
  );
  return (
    <FormProvider value={shared}>
      <div className="weir-form">
        <Value schema={schema} pointer={at} value={value} label={label} id={`field${at.replaceAll('/', '-')}`} required />
      </div>
    </FormProvider>
  );
}
