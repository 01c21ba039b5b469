/** The form view of a document: what every resource has, then its kind's own fields. */
import { useQuery } from '@tanstack/react-query';
import { Alert, Card } from 'antd';
import { useMemo } from 'react';
import { api } from '../api/client.ts';
import type { Change } from '../forms/change.ts';
import { hasProject } from './kinds.ts';
import { isObject, type JsonSchema } from '../forms/schema.ts';
import { SchemaForm } from '../forms/schema-form.tsx';
import { useSay } from '../ui/language.tsx';
import { Waiting } from '../ui/waiting.tsx';
import type { DocumentUse } from './use-document.ts';

const texts = {
  identity: { en: 'Identity', zh: '标识' },
  spec: { en: 'Settings', zh: '设置' },
  broken: { en: 'The text cannot be read, so there is no form for it now', zh: '文本无法解析，暂时无法显示表单' },
  brokenHint: { en: 'Mend it in the YAML view: the lines are marked there.', zh: '请在 YAML 视图中修正：出错的行已标出。' },
};

const NONE: DocumentUse['problems'] = [];

interface Props {
  readonly document: DocumentUse;
  readonly isNew: boolean;
  readonly readOnly: boolean;
}

/** Draws the form of the document's value. */
export function DocumentForm({ document, isNew, readOnly }: Props) {
  const say = useSay();
  const { data: projects = [] } = useQuery({ queryKey: ['projects'], queryFn: async () => (await api.listProjects({})).data.items });
  const identity = useMemo(
    () => identitySchema(isNew, hasProject(document.kind) ? projects.map(({ name }) => name) : undefined),
    [isNew, projects, document.kind],
  );
  const { value, schema } = document;
  // A form nobody has touched accuses nobody.
  const problems = isNew && !document.dirty ? NONE : document.problems;
  if (value === undefined && !document.settled && document.failure === undefined) return <Waiting />;
  if (!isObject(value)) return <Alert type="warning" showIcon title={say(texts.broken)} description={say(texts.brokenHint)} />;
  const metadata = isObject(value['metadata']) ? value['metadata'] : {};
  const project = typeof metadata['project'] === 'string' ? metadata['project'] : document.project;
  const change = (_: unknown, made: Change) => document.change(made);
  const shared = { onChange: change, onHold: document.hold, problems, readOnly, project };
  const rest = problems.filter(({ pointer }) => !pointer.startsWith('/metadata') && !pointer.startsWith('/spec'));
  return (
    <div style={{ display: 'grid', gap: 16 }}>
      <Card size="small" title={say(texts.identity)}>
        <div style={{ display: 'grid', gap: 16 }}>
          <SchemaForm {...shared} schema={identity} value={metadata} at="/metadata" label={say(texts.identity)} />
          <SchemaForm {...shared} problems={rest} schema={SWITCH} value={value} label={say(texts.identity)} />
        </div>
      </Card>
      <Card size="small" title={say(texts.spec)}>
        <SchemaForm {...shared} schema={schema} value={value['spec']} at="/spec" label={say(texts.spec)} />
      </Card>
    </div>
  );
}

const help = (en: string, zh: string, name: string) => ({ description: en, 'x-zh': zh, 'x-zh-title': name });

/** `projects` is left out for a kind that belongs to none. */
function identitySchema(isNew: boolean, projects: readonly string[] | undefined): JsonSchema {
  const naming: Record<string, JsonSchema> = {
    name: {
      type: 'string',
      maxLength: 63,
      ...help('Lower case letters, digits and dashes; it stays the same for good.', '小写字母、数字和连字符；创建后不可更改。', '名称'),
    },
    project:
      projects === undefined
        ? { const: '' }
        : {
            type: 'string',
            'x-expression': true,
            default: 'default',
            'x-advanced': false,
            examples: projects,
            ...help('Project it belongs to.', '所属项目。', '项目'),
          },
  };
  return {
    type: 'object',
    required: ['name'],
    properties: {
      ...(isNew ? naming : { name: { const: '' }, project: { const: '' } }),
      description: { type: 'string', maxLength: 1000, ...help('What it is for.', '用途说明。', '说明') },
      labels: {
        type: 'object',
        additionalProperties: { type: 'string' },
        default: {},
        'x-advanced': true,
        ...help('Words to find it by.', '用于查找的标签。', '标签'),
      },
    },
  };
}

/** What stands beside `metadata` and `spec`. */
const SWITCH: JsonSchema = {
  type: 'object',
  properties: {
    apiVersion: { const: '' },
    kind: { const: '' },
    metadata: { const: '' },
    spec: { const: '' },
    enabled: {
      type: 'boolean',
      default: true,
      'x-advanced': false,
      ...help('Off keeps the document and serves nothing.', '停用后保留文档，但不生效。', '启用'),
    },
  },
};
