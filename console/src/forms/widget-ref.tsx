/** The name of another resource: those there are, found by typing, and a way to make one. */
import { useQuery } from '@tanstack/react-query';
import { Select } from 'antd';
import { api } from '../api/client.ts';
import { useKindTitle } from '../documents/kinds.ts';
import { useSay } from '../ui/language.tsx';
import { useForm, type ValueProps } from './form-use.ts';

const texts = {
  choose: { en: 'Choose …', zh: '请选择…' },
  missing: { en: '{name} (not there yet)', zh: '{name}（尚不存在）' },
  create: { en: 'New {kind} (opens beside this page)', zh: '新建{kind}（在新标签页打开）' },
  open: { en: 'Open {name}', zh: '打开 {name}' },
};

const NAMES_MAX = 500;

/** Names of a project's resources of a kind, loaded when somebody looks. */
export function useNames(kind: string, project: string) {
  return useQuery({
    queryKey: ['names', kind, project],
    queryFn: async () => {
      const { data } = await api.listResources({ query: { kind, project, limit: NAMES_MAX } });
      return data.items.map(({ name, description }) => ({ name, description }));
    },
  });
}

export function RefValue(props: ValueProps) {
  const say = useSay();
  const { readOnly, change, project } = useForm();
  const { schema, pointer, value, id, label, required, describedBy, invalid } = props;
  const kind = String(schema['x-ref']);
  const kindTitle = useKindTitle();
  const builtIn = (schema['x-ref-built-in'] as readonly string[] | undefined) ?? [];
  const { data, isPending } = useNames(kind, (schema['x-ref-project'] as string | undefined) ?? project);
  const known = [...builtIn.map((name) => ({ name, description: undefined })), ...(data ?? [])];
  const options = known.map(({ name, description }) => ({ value: name, label: name, description: description ?? '' }));
  if (typeof value === 'string' && value !== '' && data && !known.some(({ name }) => name === value))
    options.push({ value, label: say(texts.missing, { name: value }), description: '' });
  return (
    <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, alignItems: 'center' }}>
      <Select<string>
        id={id}
        aria-label={label}
        aria-describedby={describedBy}
        {...(invalid ? { status: 'error' as const } : {})}
        disabled={readOnly}
        loading={isPending}
        showSearch={{ optionFilterProp: 'value' }}
        allowClear={!required}
        placeholder={say(texts.choose)}
        style={{ minWidth: 260, flex: '0 1 420px' }}
        {...(value ? { value: value as string } : {})}
        options={options}
        optionRender={({ data: one }) => (
          <div>
            {one.label} <small className="weir-quiet">{one.description}</small>
          </div>
        )}
        onChange={(chosen: string | undefined) => change(chosen === undefined ? { pointer, remove: true } : { pointer, value: chosen })}
      />
      {value ? (
        <a href={`/resources/${project}/${kind}/${String(value)}`} target="_blank" rel="noreferrer">
          {say(texts.open, { name: String(value) })}
        </a>
      ) : null}
      {readOnly ? null : (
        <a href={`/resources/new/${kind}?project=${project}`} target="_blank" rel="noreferrer">
          {say(texts.create, { kind: kindTitle(kind) })}
        </a>
      )}
    </div>
  );
}
