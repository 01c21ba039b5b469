/** Calling an API through the gateway as one of its consumers: parameters in, the whole answer out, and code to copy. */
import { SendOutlined } from '@ant-design/icons';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Alert, Button, Card, Descriptions, Form, Input, Select, Space, Tag, Typography } from 'antd';
import { type ReactNode, useMemo, useState } from 'react';
import type { Resource } from '../../../generated/client.ts';
import { api } from '../api/client.ts';
import { useSession } from '../api/session.tsx';
import { CodeEditor } from '../editor/code-editor.tsx';
import { useFormats } from '../ui/format.tsx';
import { type Text, useSay } from '../ui/language.tsx';
import { ProblemView } from '../ui/problem-view.tsx';
import { CallCode } from './call-code-view.tsx';
import { pathWith } from './call-code.ts';
import { prettyJson } from './exact-json.ts';

const texts = {
  consumer: { en: 'Call as', zh: '调用身份' },
  nobody: { en: 'Nobody (no key)', zh: '匿名（无密钥）' },
  consumerHint: {
    en: 'A real call: it counts against this consumer’s limits and stands in the call records. Its key is never shown.',
    zh: '这是真实调用：计入该消费者的限额并写入调用记录；不会显示其密钥。',
  },
  parameters: { en: 'Parameters', zh: '参数' },
  none: { en: 'This API takes no parameters.', zh: '该 API 没有参数。' },
  send: { en: 'Send', zh: '发送' },
  required: { en: 'needed', zh: '必填' },
  needed: { en: 'A path parameter needs a value.', zh: '路径参数必须填写。' },
  forbidden: { en: 'Calling as a consumer needs the permission keys:write.', zh: '以消费者身份调用需要 keys:write 权限。' },
  answer: { en: 'Answer', zh: '应答' },
  record: { en: 'Call record', zh: '调用记录' },
  headers: { en: 'Header fields', zh: '响应头' },
  body: { en: 'Body', zh: '正文' },
  empty: { en: 'No body.', zh: '无正文。' },
  cut: { en: 'The body goes on; the first 256 KiB are shown.', zh: '正文未完，仅显示前 256 KiB。' },
  bytes: { en: 'Not a text; shown as base64.', zh: '不是文本，以 base64 显示。' },
  by: { en: 'by', zh: '处理路由' },
  copy: { en: 'The same call as code', zh: '同一调用的代码' },
  in_query: { en: 'query', zh: '查询参数' },
  in_path: { en: 'path', zh: '路径' },
  in_header: { en: 'header', zh: '请求头' },
};

export interface TryParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  /** What stands in the empty field. */
  readonly hint?: Text;
  readonly options?: readonly string[];
  readonly first?: string;
}

export type TryMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';

interface Props {
  readonly project: string;
  readonly method: TryMethod;
  /** With `{name}` where path parameters stand. */
  readonly path: string;
  readonly parameters: readonly TryParameter[];
  /** Header field of the key; undefined for an open API. */
  readonly keyHeader: string | undefined;
  /** Host field, for routes that ask for one. */
  readonly host?: string;
  readonly body?: string;
  /** Header fields beside those of parameters. */
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  /** More to fill in, in place of parameters. */
  readonly children?: ReactNode;
}

const NO_FIELDS: NonNullable<Props['headers']> = [];

/** Draws the panel. */
export function TryCall({ project, method, path, parameters, keyHeader, host, body, headers = NO_FIELDS, children }: Props) {
  const say = useSay();
  const { may } = useSession();
  const [consumer, setConsumer] = useState<string>();
  const [values, setValues] = useState<Record<string, string>>(() =>
    Object.fromEntries(parameters.flatMap((p) => (p.first === undefined ? [] : [[p.name, p.first]]))),
  );
  const consumers = useQuery({
    queryKey: ['consumers', project],
    queryFn: async () => (await api.listResources({ query: { project, kind: 'Consumer', limit: 1000 } })).data.items,
  });
  const chosen = consumer ?? (keyHeader === undefined ? '' : (consumers.data?.[0]?.name ?? ''));
  const asked = useMemo(() => request(path, parameters, values, headers), [path, parameters, values, headers]);
  const call = useMutation({
    mutationFn: async () =>
      (
        await api.tryCall({
          params: { project },
          body: {
            method,
            path: asked.path,
            headers: [...asked.headers],
            ...(chosen === '' ? {} : { consumer: chosen }),
            ...(host === undefined ? {} : { host }),
            ...(body === undefined ? {} : { body }),
          },
        })
      ).data,
  });
  const missing = parameters.some((p) => p.in === 'path' && !values[p.name]);
  const allowed = may('keys:write');
  return (
    <div style={{ display: 'grid', gap: 16 }}>
      <Form layout="vertical" onFinish={() => call.mutate()}>
        <CallAs consumers={consumers.data} chosen={chosen} onChoose={setConsumer} />
        {children ?? <Parameters parameters={parameters} values={values} onChange={setValues} />}
        {allowed ? null : <Alert type="info" showIcon title={say(texts.forbidden)} style={{ marginBlockEnd: 12 }} />}
        <Space wrap>
          <Button
            type="primary"
            htmlType="submit"
            icon={<SendOutlined aria-hidden />}
            loading={call.isPending}
            disabled={!allowed || missing}
          >
            {say(texts.send)}
          </Button>
          <Typography.Text code style={{ overflowWrap: 'anywhere' }}>{`${method} ${asked.path}`}</Typography.Text>
          {missing ? <Typography.Text type="warning">{say(texts.needed)}</Typography.Text> : null}
        </Space>
      </Form>
      {call.error ? <ProblemView error={call.error} /> : null}
      {call.data ? <Answer answer={call.data} /> : null}
      <Card size="small" title={say(texts.copy)}>
        <CallCode
          method={method}
          path={asked.path}
          headers={host === undefined ? asked.headers : [{ name: 'host', value: host }, ...asked.headers]}
          keyHeader={keyHeader}
          {...(body === undefined ? {} : { body })}
        />
      </Card>
    </div>
  );
}

function CallAs(props: {
  readonly consumers: readonly Resource[] | undefined;
  readonly chosen: string;
  readonly onChoose: (name: string) => void;
}) {
  const say = useSay();
  const options = (props.consumers ?? []).map(({ name, description }) => ({
    value: name,
    label: description ? `${name} · ${description}` : name,
  }));
  return (
    <Form.Item label={say(texts.consumer)} extra={say(texts.consumerHint)} htmlFor="try-consumer">
      <Select
        id="try-consumer"
        value={props.chosen}
        loading={props.consumers === undefined}
        style={{ maxWidth: 360 }}
        options={[...options, { value: '', label: say(texts.nobody) }]}
        onChange={props.onChoose}
      />
    </Form.Item>
  );
}

function request(
  path: string,
  parameters: readonly TryParameter[],
  values: Readonly<Record<string, string>>,
  fixed: NonNullable<Props['headers']>,
) {
  const given = parameters.filter((p) => (values[p.name] ?? '') !== '');
  const query = given.filter((p) => p.in === 'query').map((p) => [p.name, values[p.name]!] as const);
  const headers = given.filter((p) => p.in === 'header').map((p) => ({ name: p.name, value: values[p.name]! }));
  return { path: pathWith(path, values, query), headers: [...fixed, ...headers] };
}

function Parameters(props: {
  readonly parameters: readonly TryParameter[];
  readonly values: Readonly<Record<string, string>>;
  readonly onChange: (values: Record<string, string>) => void;
}) {
  const say = useSay();
  const { parameters, values, onChange } = props;
  if (parameters.length === 0) return <Typography.Paragraph type="secondary">{say(texts.none)}</Typography.Paragraph>;
  return (
    <fieldset style={{ border: 0, margin: 0, padding: 0, minInlineSize: 0 }}>
      <legend className="weir-quiet" style={{ padding: 0, marginBlockEnd: 8 }}>
        {say(texts.parameters)}
      </legend>
      <div style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fill, minmax(240px, 1fr))', columnGap: 16 }}>
        {parameters.map((p) => {
          const id = `try-${p.in}-${p.name}`;
          const set = (value: string | undefined) => onChange({ ...values, [p.name]: value ?? '' });
          return (
            <Form.Item
              key={id}
              htmlFor={id}
              label={
                <Space size={6}>
                  <code>{p.name}</code>
                  <Tag>{say(texts[`in_${p.in}`])}</Tag>
                  {p.required ? <span className="weir-quiet">{say(texts.required)}</span> : null}
                </Space>
              }
              extra={p.description}
            >
              {p.options ? (
                <Select
                  id={id}
                  allowClear
                  value={values[p.name] || null}
                  options={p.options.map((value) => ({ value, label: value }))}
                  onChange={(value: string | null | undefined) => set(value ?? undefined)}
                />
              ) : (
                <Input
                  id={id}
                  value={values[p.name] ?? ''}
                  placeholder={p.hint ? say(p.hint) : ''}
                  onChange={(event) => set(event.target.value)}
                />
              )}
            </Form.Item>
          );
        })}
      </div>
    </fieldset>
  );
}

type TriedCall = Awaited<ReturnType<typeof api.tryCall>>['data'];

function Answer({ answer }: { readonly answer: TriedCall }) {
  const say = useSay();
  const formats = useFormats();
  const type = answer.headers.find(({ name }) => name === 'content-type')?.value ?? '';
  const isJson = /[/+]json\b/.test(type) && !answer.truncated;
  return (
    <Card
      size="small"
      role="status"
      title={
        <Space wrap>
          <span>{say(texts.answer)}</span>
          <Tag color={answer.status < 400 ? 'success' : 'error'} data-testid="status">
            {answer.status}
          </Tag>
          <span className="weir-quiet">{formats.duration(answer.ms)}</span>
          <span className="weir-quiet">
            {say(texts.by)} {answer.route}
          </span>
        </Space>
      }
      extra={<Link to={`/calls/${answer.requestId}`}>{say(texts.record)}</Link>}
    >
      {answer.truncated ? <Alert type="warning" showIcon title={say(texts.cut)} style={{ marginBlockEnd: 8 }} /> : null}
      {answer.encoding === 'base64' ? <Alert type="info" showIcon title={say(texts.bytes)} style={{ marginBlockEnd: 8 }} /> : null}
      {answer.body === '' ? (
        <Typography.Paragraph type="secondary">{say(texts.empty)}</Typography.Paragraph>
      ) : (
        <CodeEditor
          readOnly
          label={say(texts.body)}
          language={isJson ? 'json' : 'text'}
          value={isJson ? prettyJson(answer.body) : answer.body}
          maxHeight={360}
        />
      )}
      <details style={{ marginBlockStart: 8 }}>
        <summary>{say(texts.headers)}</summary>
        <Descriptions
          translate="no"
          size="small"
          column={1}
          items={answer.headers.map(({ name, value }, i) => ({ key: `${i}${name}`, label: name, children: value }))}
        />
      </details>
    </Card>
  );
}
