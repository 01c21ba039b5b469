/** SQL in an editor with completion from the tables the page knows. */
import { CodeEditor } from '../editor/code-editor.tsx';
import { useForm, type ValueProps } from './form-use.ts';

export function SqlValue({ pointer, value, label, id, describedBy }: ValueProps) {
  const { readOnly, change, sqlTables } = useForm();
  return (
    <CodeEditor
      id={id}
      language="sql"
      label={label}
      {...(describedBy === undefined ? {} : { describedBy })}
      value={(value as string | undefined) ?? ''}
      readOnly={readOnly}
      sqlTables={sqlTables}
      height={220}
      onChange={(typed) => change({ pointer, value: typed })}
    />
  );
}
