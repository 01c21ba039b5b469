/**
 * Changes header fields: of the request before it goes on, of the response before it goes back.
 * In each direction the steps are, in this order: rename, remove, set, add. Fields that frame a message,
 * belong to one connection or speak for the gateway cannot be touched; a configuration that tries is refused.
 * Source: RFC 9110 §5.1, §7.6.1 (connection fields).
 */
import { definePolicy, type HeaderFields, help, type Static, strictObject, T } from '../../sdk/index.ts';

/** Names that never may be changed, and the prefix of the gateway's own. */
const FORBIDDEN = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'host',
  'expect',
];
const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]";
const anyCase = (name: string): string => name.replace(/[a-z]/g, (c) => `[${c}${c.toUpperCase()}]`);
const NAME = `^(?!(?:${FORBIDDEN.map(anyCase).join('|')})$)(?!${anyCase('x-weir-')})${TOKEN}{1,80}$`;
/** Renaming set-cookie would join cookies into one field, which breaks them. */
const NAME_RENAMED = NAME.replace('^', `^(?!${anyCase('set-cookie')}$)`);
const VALUE = '^[!-~]([ -~\\t]*[!-~])?$|^$';

const value = T.String({
  pattern: VALUE,
  maxLength: 4096,
  ...help('Value of the field: printable ASCII.', '字段值：可打印 ASCII。', '值'),
});
const name = T.String({ pattern: NAME, ...help('Name of a field that may be changed.', '可以修改的字段名。', '名称') });
const record = (pattern: string, item: ReturnType<typeof T.String>, text: ReturnType<typeof help>) =>
  T.Unsafe<Record<string, string>>({
    type: 'object',
    default: {},
    maxProperties: 50,
    patternProperties: { [pattern]: item },
    additionalProperties: false,
    ...text,
  });

const direction = (text: ReturnType<typeof help>) =>
  strictObject(
    {
      rename: record(NAME_RENAMED, name, help('Fields to rename: old name to new name.', '重命名字段：旧名到新名。', '重命名')),
      remove: T.Array(name, { default: [], maxItems: 50, ...help('Fields to remove.', '要删除的字段。', '移除') }),
      set: record(NAME, value, help('Fields to set, replacing any of the same name.', '要设置的字段，替换同名字段。', '设置')),
      add: record(NAME, value, help('Fields to add beside those of the same name.', '要追加的字段，保留同名字段。', '添加')),
    },
    { default: {}, ...text },
  );

const config = strictObject({
  request: direction(help('Changes to the request that goes on.', '对转发请求的修改。', '请求')),
  response: direction(help('Changes to the answer that goes back.', '对返回响应的修改。', '响应')),
});

type Direction = Static<typeof config>['request'];

export default definePolicy({
  id: 'transform',
  title: { en: 'Transform headers', zh: '头部转换' },
  summary: {
    en: 'Renames, removes, sets and adds header fields of requests and answers.',
    zh: '重命名、删除、设置和追加请求与响应的头部字段。',
  },
  since: '0.1',
  status: 'stable',
  version: 1,
  phases: ['request', 'response'],
  bodies: 'none',
  config,
  problems: {},
  examples: [
    {
      title: { en: 'Tell the upstream its tenant, hide its banner', zh: '告知上游租户，隐藏其标识' },
      config: {
        request: { set: { 'x-tenant': 'acme' } },
        response: { remove: ['server', 'x-powered-by'], set: { 'cache-control': 'no-store' } },
      },
    },
    {
      title: { en: 'Rename a field', zh: '重命名字段' },
      config: { request: { rename: { 'x-old': 'x-new' } }, response: { add: { vary: 'accept-language' } } },
    },
  ],
  create(options) {
    const request = steps(options.request);
    const response = steps(options.response);
    const told = [factOf('request', options.request), factOf('response', options.response)];
    return {
      request(exchange) {
        request(exchange.request);
        return undefined;
      },
      response: (exchange) => response(exchange.response),
      facts: Object.fromEntries(told.filter(([, text]) => text !== '')),
    };
  },
});

/** What a direction is told to do, as a fact: how many fields, never their names' values. */
function factOf(name: string, changes: Direction): readonly [string, string] {
  const counts = {
    rename: Object.keys(changes.rename).length,
    remove: changes.remove.length,
    set: Object.keys(changes.set).length,
    add: Object.keys(changes.add).length,
  };
  const parts = Object.entries(counts).flatMap(([verb, count]) => (count > 0 ? [`${verb} ${count}`] : []));
  return [name, parts.join(', ')];
}

/** One direction as a function over its fields; the lists are made once. */
function steps(changes: Direction): (fields: HeaderFields) => void {
  const [rename, set, add] = [changes.rename, changes.set, changes.add].map((r) => Object.entries(r)) as [
    [string, string][],
    [string, string][],
    [string, string][],
  ];
  return (fields) => {
    for (const [from, to] of rename) {
      const found = fields.get(from);
      if (found === undefined) continue;
      fields.remove(from);
      fields.set(to, found);
    }
    for (const field of changes.remove) fields.remove(field);
    for (const [field, text] of set) fields.set(field, text);
    for (const [field, text] of add) fields.add(field, text);
  };
}
