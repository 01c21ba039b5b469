/** The form of a new connection from its connector's schema: tried before it is saved. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Button, Card, Form, Input, Space } from 'antd';
import { useCallback, useRef, useState } from 'react';
import { api, ProblemAnswer } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { CheckSteps } from '../../data/check-steps.tsx';
import { useSaidAgain } from '../../data/use-said-again.ts';
import type { Change } from '../../forms/change.ts';
import { SchemaForm } from '../../forms/schema-form.tsx';
import type { JsonObject, JsonSchema } from '../../forms/schema.ts';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useProject } from '../../ui/project.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { type ConnectionDraft, documentOf, keptOf, readDraft, variantFor } from './draft.ts';

const texts = {
  name: { en: 'Name', zh: '名称' },
  nameHint: {
    en: 'Small letters, digits and hyphens; pipelines and data APIs use it. It cannot be changed later.',
    zh: '小写字母、数字和连字符；管道和数据 API 通过它引用，保存后不可更改。',
  },
  badName: { en: 'Only small letters, digits and hyphens, 1 to 63 signs.', zh: '仅限小写字母、数字和连字符，1 到 63 个字符。' },
  description: { en: 'Description', zh: '说明' },
  settings: { en: 'Settings', zh: '设置' },
  test: { en: 'Test', zh: '测试连接' },
  save: { en: 'Save', zh: '保存' },
};

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function ConnectionForm({ type }: { readonly type: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['component', 'Connection'],
    queryFn: async () => (await api.explainComponent({ params: { name: 'Connection' } })).data.schema as JsonSchema,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return <TypedForm type={type} schema={variantFor(data, type) ?? data} />;
}

function TypedForm({ type, schema }: { readonly type: string; readonly schema: JsonSchema }) {
  const say = useSay();
  const { projectOrDefault: project } = useProject();
  const { draft, change, hold, forget } = useKeptDraft(type, schema);
  const [touched, setTouched] = useState(false);
  const trial = useTrial(project, draft);
  useSaidAgain(trial.data !== undefined, trial.mutate);
  const save = useSave(project, draft, forget);
  const failure = save.error ?? trial.error;
  const isNamed = NAME.test(draft.name);
  const problems = failure instanceof ProblemAnswer ? (failure.problem.errors ?? []) : [];
  return (
    <div style={{ display: 'grid', gap: 16, maxWidth: 900 }}>
      <Card size="small">
        <Form layout="vertical">
          <Form.Item
            required
            label={say(texts.name)}
            htmlFor="connection-name"
            extra={say(texts.nameHint)}
            {...(touched && !isNamed ? { validateStatus: 'error' as const, help: say(texts.badName) } : {})}
          >
            <Input
              id="connection-name"
              maxLength={63}
              value={draft.name}
              onBlur={() => setTouched(true)}
              onChange={(event) => change({ name: event.target.value.trim() })}
            />
          </Form.Item>
          <Form.Item label={say(texts.description)} htmlFor="connection-description" style={{ marginBlockEnd: 0 }}>
            <Input
              id="connection-description"
              maxLength={2000}
              value={draft.description}
              onChange={(event) => change({ description: event.target.value })}
            />
          </Form.Item>
        </Form>
      </Card>
      <Card size="small" title={say(texts.settings)}>
        <SchemaForm
          schema={schema}
          value={draft.spec}
          at="/spec"
          project={project}
          problems={problems}
          label={say(texts.settings)}
          onHold={hold}
          onChange={(spec) => change({ spec: spec as JsonObject })}
        />
      </Card>
      {failure ? <ProblemView error={failure} /> : null}
      <CheckSteps check={trial.data} isTrying={trial.isPending} />
      <Space>
        <Button loading={trial.isPending} onClick={() => trial.mutate()}>
          {say(texts.test)}
        </Button>
        <Button type="primary" disabled={!isNamed} loading={save.isPending} onClick={() => save.mutate()}>
          {say(texts.save)}
        </Button>
      </Space>
    </div>
  );
}

function useTrial(project: string, { name, spec }: ConnectionDraft) {
  return useMutation({
    mutationFn: async () => {
      const named = NAME.test(name) ? { name } : {};
      return (await api.checkConnectionDraft({ params: { project }, body: { ...named, spec: { ...spec } } })).data;
    },
  });
}

function useSave(project: string, draft: ConnectionDraft, forget: () => void) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () =>
      api.putResource({
        params: { project, kind: 'Connection', name: draft.name },
        headers: { 'if-none-match': '*' },
        body: documentOf(draft, project),
      }),
    async onSuccess() {
      forget();
      void queries.invalidateQueries({ queryKey: ['list'] });
      void queries.invalidateQueries({ queryKey: ['connections'] });
      await navigate({ to: `/connections/${project}/${draft.name}` });
    },
  });
}

/** The draft, kept in the browser with each change; its secrets are in this page's memory alone. */
function useKeptDraft(type: string, schema: JsonSchema) {
  const { who } = useSession();
  const key = `weir.connection.${who.name}/${type}`;
  const [draft, setDraft] = useState<ConnectionDraft>(
    () => readDraft(localStorage.getItem(key), type) ?? { name: '', description: '', spec: { type } },
  );
  const held = useRef(new Map<string, Change>());
  const latest = useRef(draft);
  const keep = useCallback(
    () => localStorage.setItem(key, JSON.stringify(keptOf(latest.current, [...held.current.values()], schema))),
    [key, schema],
  );
  const change = (parts: Partial<ConnectionDraft>) => {
    latest.current = { ...latest.current, ...parts };
    setDraft(latest.current);
    keep();
  };
  const hold = useCallback(
    (place: string, made?: Change) => {
      if (!made && !held.current.delete(place)) return;
      if (made) held.current.set(place, made);
      keep();
    },
    [keep],
  );
  return { draft, change, hold, forget: () => localStorage.removeItem(key) };
}
