/** Calling a route through the gateway: the method, the path below its pattern and the body are the reader's. */
import { Form, Input, Select } from 'antd';
import { useState } from 'react';
import { TryCall, type TryMethod, type TryParameter } from '../../data/try-call.tsx';
import { useSay } from '../../ui/language.tsx';
import { firstPath, type RouteSpec, TRY_METHODS } from './spec.ts';

const texts = {
  method: { en: 'Method', zh: '方法' },
  path: { en: 'Path and query', zh: '路径与查询串' },
  body: { en: 'Body', zh: '请求体' },
  bodyHint: { en: 'Sent as UTF-8, as JSON unless it is empty.', zh: '以 UTF-8 发送；非空时按 JSON 发送。' },
};

const NONE: readonly TryParameter[] = [];
const JSON_FIELD = [{ name: 'content-type', value: 'application/json' }];

/** Draws the panel. */
export function RouteTry({ project, spec }: { readonly project: string; readonly spec: RouteSpec }) {
  const say = useSay();
  const methods = TRY_METHODS.filter((one) => (spec.match.methods ?? []).length === 0 || spec.match.methods!.includes(one));
  const [method, setMethod] = useState<TryMethod>(methods[0] ?? 'GET');
  const [path, setPath] = useState(() => firstPath(spec.match.paths[0] ?? '/'));
  const [body, setBody] = useState('');
  const key = spec.auth?.find(({ type }) => type === 'api-key');
  const host = spec.match.hosts?.[0]?.replace(/^\*/, 'www');
  const takesBody = method !== 'GET' && method !== 'HEAD';
  const sent = takesBody && body !== '' ? { body, headers: JSON_FIELD } : {};
  return (
    <TryCall
      project={project}
      method={method}
      path={path}
      parameters={NONE}
      keyHeader={key && String(key['header'] ?? 'x-api-key')}
      {...(host === undefined ? {} : { host })}
      {...sent}
    >
      <div style={{ display: 'flex', flexWrap: 'wrap', columnGap: 12 }}>
        <Form.Item label={say(texts.method)} htmlFor="try-method">
          <Select<TryMethod>
            id="try-method"
            value={method}
            style={{ width: 120 }}
            options={methods.map((value) => ({ value, label: value }))}
            onChange={setMethod}
          />
        </Form.Item>
        <Form.Item label={say(texts.path)} htmlFor="try-path" style={{ flex: '1 1 320px' }}>
          <Input id="try-path" value={path} onChange={(event) => setPath(event.target.value)} />
        </Form.Item>
      </div>
      {takesBody ? (
        <Form.Item label={say(texts.body)} extra={say(texts.bodyHint)} htmlFor="try-body">
          <Input.TextArea
            id="try-body"
            value={body}
            autoSize={{ minRows: 3, maxRows: 12 }}
            onChange={(event) => setBody(event.target.value)}
          />
        </Form.Item>
      ) : null}
    </TryCall>
  );
}
