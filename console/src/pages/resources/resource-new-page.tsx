/** A new resource of a kind: a form from the kind's schema. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { api, ProblemAnswer } from '../../api/client.ts';
import { startValue } from '../../forms/fields.ts';
import { SchemaForm } from '../../forms/schema-form.tsx';
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useProject } from '../../ui/project.tsx';
import { Waiting } from '../../ui/waiting.tsx';

const texts = { title: { en: 'New {kind}', zh: '新建{kind}' }, name: { en: 'Name', zh: '名称' }, save: { en: 'Save', zh: '保存' } };

export default function ResourceNewPage() {
  const say = useSay();
  const navigate = useNavigate();
  const { projectOrDefault: project } = useProject();
  const { kind = '' } = useParams({ strict: false }) as { kind?: string };
  const [name, setName] = useState('');
  const [spec, setSpec] = useState<unknown>();
  const { data, error } = useQuery({
    queryKey: ['component', kind],
    queryFn: async () => (await api.explainComponent({ params: { name: kind } })).data,
  });
  const value = spec ?? (data ? startValue(data.schema) : {});
  const document = { apiVersion: 'weir/v1', kind, metadata: { name, project }, spec: value };
  const save = useMutation({
    mutationFn: async () =>
      api.putResource({ params: { project, kind, name }, headers: { 'if-none-match': '*' }, body: document } as never),
    onSuccess: () => void navigate({ to: '/resources' }),
  });
  const problems = save.error instanceof ProblemAnswer ? (save.error.problem.errors ?? []) : [];
  if (error) return <ProblemView error={error} />;
  if (!data) return <Waiting />;
  return (
    <>
      <PageHead title={say(texts.title, { kind: say(data.title) })} about={say(data.summary)}>
        <Button type="primary" loading={save.isPending} onClick={() => save.mutate()}>
          {say(texts.save)}
        </Button>
      </PageHead>
      {save.error ? <ProblemView error={save.error} /> : null}
      <Input aria-label={say(texts.name)} value={name} onChange={(event) => setName(event.target.value)} />
      <SchemaForm schema={data.schema} value={value} onChange={setSpec} problems={problems} at="/spec" project={project} label={data.id} />
    </>
  );
}
