/** Routes as the gateway sees them: which one takes a request, and why. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { fieldSeparator } from '../../../sdk/expression.ts';
import { explainMatch } from '../../../sdk/route-explain.ts';
import { dataApiRoute } from '../../resources/kinds/data-api.ts';
import { mayTouch } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import { named, oneOf, orNull, resourceKey, text } from '../shapes.ts';

const area = 'routes';
/** The listener that is always there, and the project of all others. */
const DEFAULT = 'default';

const explanation = named(
  'RouteExplanation',
  strictObject({
    outcome: oneOf(['matched', 'not-found', 'method-not-allowed', 'refused']),
    summary: text,
    route: orNull(
      T.String(
        help('`project/name`; null for none, or one of a project out of reach.', '`项目/名称`；无匹配或属于无权访问的项目时为 null。'),
      ),
    ),
    resource: orNull(resourceKey),
    pattern: orNull(T.String(help('Its path that fits.', '匹配的路径模式。'))),
    params: T.Record(T.String(), T.String()),
    allow: T.Array(T.String(help('Methods that would do.', '可用的方法。'))),
    considered: T.Array(strictObject({ id: orNull(T.String()), matches: T.Boolean(), why: text })),
  }),
);

const explain = defineOperation({
  id: 'explainRoute',
  area,
  method: 'POST',
  path: '/routes/explain',
  filtered: true,
  summary: {
    en: 'Says which route takes a request, with its parameters, and why the nearest others do not.',
    zh: '说明哪个路由处理某个请求及其参数，以及相近路由为何未匹配。',
  },
  access: 'resources:read',
  body: strictObject({
    method: T.String({ pattern: '^[A-Z]{1,31}$', default: 'GET', ...help('Method.', '方法。') }),
    host: T.String({ maxLength: 260, default: '', ...help('Host header; a port in it is ignored.', 'Host 头；其中的端口会被忽略。') }),
    path: T.String({
      minLength: 1,
      maxLength: 8192,
      examples: ['/orders/7'],
      ...help('Path, with the query if routes ask for one.', '路径；若路由对查询参数有要求，请带上查询串。'),
    }),
    headers: T.Array(strictObject({ name: T.String({ minLength: 1, maxLength: 80 }), value: T.String({ maxLength: 8192 }) }), {
      maxItems: 50,
      default: [],
      ...help('Header fields, cookies among them.', '请求头（含 Cookie）。'),
    }),
    clientAddress: T.String({
      maxLength: 45,
      pattern: '^[0-9A-Fa-f:.]*$',
      default: '',
      ...help('Address the client comes from.', '客户端地址。'),
    }),
    listener: T.String({ maxLength: 63, default: DEFAULT, ...help('Listener it comes in by.', '请求进入的监听器。') }),
  }),
  response: explanation,
  async handler({ body, caller }, parts) {
    // One that does not exist takes no request: who misspelt it would be told of the wrong routes.
    if (body.listener !== DEFAULT) await parts.resources.get({ project: DEFAULT, kind: 'Listener', name: body.listener });
    const at = body.path.indexOf('?');
    const [path, query] = at < 0 ? [body.path, ''] : [body.path.slice(0, at), body.path.slice(at + 1)];
    const facts = {
      query,
      clientAddress: body.clientAddress,
      listener: body.listener,
      request: { get: (name: string) => fieldOf(body.headers, name) },
    };
    const request = { method: body.method, host: body.host, path, facts };
    const found = explainMatch(parts.routes(), request, (project) => mayTouch(caller, project));
    return {
      ...found,
      summary: { ...found.summary },
      route: found.route ?? null,
      resource: found.route === undefined ? null : resourceOf(found.route),
      pattern: found.pattern ?? null,
      params: { ...found.params },
      allow: [...found.allow],
      considered: found.considered.map((c) => ({ id: c.id ?? null, matches: c.matches, why: { ...c.why } })),
    };
  },
});

/** As the gateway reads it: repeated fields are joined. */
function fieldOf(headers: readonly { readonly name: string; readonly value: string }[], name: string): string | undefined {
  const values = headers.filter((field) => field.name.toLowerCase() === name.toLowerCase()).map((field) => field.value);
  return values.length === 0 ? undefined : values.join(fieldSeparator(name.toLowerCase()));
}

/** The resource a route was made from: a Route, or the data API behind it. */
function resourceOf(id: string): { project: string; kind: string; name: string } {
  const [project, name] = id.split('/') as [string, string];
  const prefix = dataApiRoute('');
  return name.startsWith(prefix) ? { project, kind: 'DataApi', name: name.slice(prefix.length) } : { project, kind: 'Route', name };
}

export default [explain];
