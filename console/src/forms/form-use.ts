/** What every widget of a form shares. */
import { createContext, use } from 'react';
import type { Change } from './change.ts';
import type { PointedProblem } from './problems.ts';
import type { JsonSchema } from './schema.ts';

/** Tables and their columns, for completion in SQL fields. */
export type SqlTables = Readonly<Record<string, readonly string[]>>;

export interface FormUse {
  readonly problems: readonly PointedProblem[];
  readonly readOnly: boolean;
  /** Project whose resources are offered. */
  readonly project: string;
  readonly sqlTables: SqlTables;
  readonly change: (change: Change) => void;
  /**
   * Tells what leaving a field would change, for a field that changes the value only then: drafts hold it from the first
   * keystroke. `place` names the field; without a change nothing waits there any more.
   */
  readonly hold: (place: string, change?: Change) => void;
}

/** One value to draw. */
export interface ValueProps {
  readonly schema: JsonSchema;
  /** RFC 6901 pointer, from the root of what the form edits. */
  readonly pointer: string;
  readonly value: unknown;
  /** Name for people and for assistive technology. */
  readonly label: string;
  /** Id of the control, as its label names it. */
  readonly id: string;
  /** False when leaving it out is possible. */
  readonly required: boolean;
  /** Id of the element that holds help and problems. */
  readonly describedBy?: string;
  readonly invalid?: boolean;
}

const FormContext = createContext<FormUse | undefined>(undefined);
export const FormProvider = FormContext.Provider;

/** What the form around shares; only below `SchemaForm`. */
export function useForm(): FormUse {
  const found = use(FormContext);
  if (!found) throw new Error('no SchemaForm above');
  return found;
}
