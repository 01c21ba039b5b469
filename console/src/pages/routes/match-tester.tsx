/** The match tester: a request's line in, the route that takes it out, and why each other one does not. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button, Collapse, Form, Input, Select, Tag } from 'antd';
import type { RouteExplanation } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useKindTitle } from '../../documents/kinds.ts';
import { useNames } from '../../forms/widget-ref.tsx';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Mark, type Tone } from '../../ui/status.tsx';
import { useUrlState } from '../../ui/url-state.tsx';

const texts = {
  method: { en: 'Method', zh: '方法' },
  host: { en: 'Host', zh: '主机' },
  path: { en: 'Path', zh: '路径' },
  fields: { en: 'Header fields', zh: '请求头' },
  fieldsHint: { en: 'x-tenant: acme; cookie: beta=1', zh: 'x-tenant: acme; cookie: beta=1' },
  from: { en: 'Client address', zh: '客户端地址' },
  listener: { en: 'Listener', zh: '监听器' },
  test: { en: 'Test', zh: '测试' },
  needed: { en: 'A path is needed, such as /crm/customers/7.', zh: '请输入路径，例如 /crm/customers/7。' },
  considered: { en: 'Every route considered ({count})', zh: '所有参与比较的路由（{count}）' },
  other: { en: 'a route of another project', zh: '其他项目的路由' },
};

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const TONES: Readonly<Record<RouteExplanation['outcome'], Tone>> = {
  matched: 'good',
  'not-found': 'bad',
  'method-not-allowed': 'warning',
  refused: 'bad',
};

interface Asked {
  readonly method: string;
  readonly host?: string;
  readonly path: string;
  readonly headers?: string;
  readonly clientAddress?: string;
  readonly listener?: string;
}

/** The listener of the process configuration; all others are resources. */
const DEFAULT_LISTENER = 'default';
/** Listeners belong to the installation, which keeps them in this project. */
const LISTENERS_IN = 'default';

export function MatchTester() {
  const say = useSay();
  const [url, change] = useUrlState();
  const path = url['try'];
  const { tryMethod: method = 'GET', tryHost: host = '', tryHeaders: fields = '', tryFrom: clientAddress = '' } = url;
  const listener = url['tryListener'] ?? DEFAULT_LISTENER;
  const asked = path === undefined ? undefined : { method, path, host, clientAddress, listener, headers: readFields(fields) };
  const { data: named = [] } = useNames('Listener', LISTENERS_IN);
  const listeners = [DEFAULT_LISTENER, ...named.map(({ name }) => name)].map((value) => ({ value, label: value }));
  const { data, error, isFetching } = useQuery({
    queryKey: ['explain-route', asked],
    queryFn: async () => (await api.explainRoute({ body: asked! })).data,
    enabled: asked !== undefined,
  });
  return (
    <>
      <Form<Asked>
        layout="inline"
        initialValues={{ method, host, path: path ?? '', headers: fields, clientAddress, listener }}
        onFinish={(given) =>
          change({
            try: given.path,
            tryMethod: given.method,
            tryHost: given.host,
            tryHeaders: given.headers,
            tryFrom: given.clientAddress,
            tryListener: given.listener === DEFAULT_LISTENER ? undefined : given.listener,
          })
        }
        style={{ rowGap: 8 }}
      >
        <Form.Item name="method" label={say(texts.method)}>
          <Select options={METHODS.map((value) => ({ value, label: value }))} style={{ width: 110 }} />
        </Form.Item>
        <Form.Item name="host" label={say(texts.host)}>
          <Input placeholder="api.example.test" style={{ width: 190 }} />
        </Form.Item>
        <Form.Item name="path" label={say(texts.path)} rules={[{ required: true, message: say(texts.needed) }]}>
          <Input placeholder="/crm/customers/7" style={{ width: 280 }} />
        </Form.Item>
        <Form.Item name="headers" label={say(texts.fields)}>
          <Input placeholder={say(texts.fieldsHint)} style={{ width: 260 }} />
        </Form.Item>
        <Form.Item name="clientAddress" label={say(texts.from)}>
          <Input placeholder="192.0.2.7" style={{ width: 150 }} />
        </Form.Item>
        <Form.Item name="listener" label={say(texts.listener)}>
          <Select showSearch options={listeners} style={{ minWidth: 140 }} />
        </Form.Item>
        <Button htmlType="submit" loading={isFetching}>
          {say(texts.test)}
        </Button>
      </Form>
      {error ? <ProblemView error={error} style={{ marginBlockStart: 12 }} /> : null}
      {data ? <Outcome found={data} /> : null}
    </>
  );
}

/** `name: value`, several behind semicolons; a cookie's own semicolons are not for this line. */
function readFields(text: string): { name: string; value: string }[] {
  return text.split(';').flatMap((part) => {
    const at = part.indexOf(':');
    return at < 1 ? [] : [{ name: part.slice(0, at).trim(), value: part.slice(at + 1).trim() }];
  });
}

function Outcome({ found }: { readonly found: RouteExplanation }) {
  const say = useSay();
  const kindTitle = useKindTitle();
  const { resource } = found;
  return (
    <div aria-live="polite" style={{ marginBlockStart: 12 }}>
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, alignItems: 'center' }}>
        <Mark tone={TONES[found.outcome]}>{say(found.summary)}</Mark>
        {resource ? (
          <Link
            to={
              resource.kind === 'Route'
                ? `/routes/${resource.project}/${resource.name}`
                : `/resources/${resource.project}/${resource.kind}/${resource.name}`
            }
          >
            {kindTitle(resource.kind)} {resource.name}
          </Link>
        ) : null}
        {found.pattern ? <code>{found.pattern}</code> : null}
        {Object.entries(found.params).map(([name, value]) => (
          <Tag key={name}>
            {name} = {value}
          </Tag>
        ))}
      </div>
      <Collapse
        ghost
        size="small"
        items={[
          {
            key: 'all',
            label: say(texts.considered, { count: found.considered.length }),
            children: (
              <ul className="weir-plain">
                {found.considered.map((one, i) => (
                  <li key={`${one.id}${i}`}>
                    <Mark tone={one.matches ? 'good' : 'off'}>{one.id ?? say(texts.other)}</Mark>
                    <span>{say(one.why)}</span>
                  </li>
                ))}
              </ul>
            ),
          },
        ]}
      />
    </div>
  );
}
