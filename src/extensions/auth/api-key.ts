/**
 * Recognises a consumer by a key in a header field (or, when asked for, a query parameter). First in the chain.
 * Keys are at least 128 random bits and only their SHA-256 is known here. Which keys were seen lately
 * is remembered (bounded), so that the hash is not computed for every request.
 * Source: RFC 9110 §11 (challenge), RFC 6750 §5.3 (keys in URLs end up in logs).
 */
import { hash } from 'node:crypto';
import { defineAuth, help, strictObject, T } from '../../sdk/index.ts';
import { queryValue } from '../../sdk/expression.ts';

/** 16 random bytes in base64url are 22 characters: nothing shorter can be a key. */
const KEY_LENGTH_MIN = 22;
const KEY_LENGTH_MAX = 256;
const REMEMBERED_MAX = 4096;

const config = strictObject({
  header: T.String({
    pattern: '^[A-Za-z][A-Za-z0-9-]{0,62}$',
    default: 'x-api-key',
    ...help('Header field that holds the key.', '存放密钥的请求头。', '请求头'),
  }),
  query: T.Optional(
    T.String({
      pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,62}$',
      examples: ['api_key'],
      'x-advanced': true,
      ...help(
        'Query parameter that may hold the key too. Off unless named: URLs end up in logs and histories.',
        '也可存放密钥的查询参数；默认关闭，因为 URL 会进入日志和历史记录。',
        '查询参数',
      ),
    }),
  ),
});

export default defineAuth({
  id: 'api-key',
  title: { en: 'API key', zh: 'API 密钥' },
  summary: { en: 'Recognises a consumer by a secret key in a header field.', zh: '通过请求头中的密钥识别消费者。' },
  since: '0.1',
  status: 'stable',
  version: 1,
  config,
  problems: {
    invalid: {
      status: 401,
      title: { en: 'API key not valid', zh: 'API 密钥无效' },
      detail: {
        en: 'The API key is not known here. Check that it is whole and belongs to this project.',
        zh: '此处不识别该 API 密钥，请确认其完整并属于本项目。',
      },
    },
    expired: {
      status: 401,
      title: { en: 'API key expired', zh: 'API 密钥已过期' },
      detail: { en: 'The API key has expired. Ask for a new one.', zh: '该 API 密钥已过期，请申请新的密钥。' },
    },
    disabled: {
      status: 403,
      title: { en: 'API key disabled', zh: 'API 密钥已停用' },
      detail: {
        en: 'The API key belongs to a consumer that is switched off. Ask its owner to enable it.',
        zh: '该 API 密钥所属的消费者已停用，请联系管理员启用。',
      },
    },
  },
  examples: [
    { title: { en: 'Key in x-api-key', zh: '密钥放在 x-api-key' }, config: {} },
    {
      title: { en: 'Another field, and a query parameter', zh: '其他请求头，并允许查询参数' },
      config: { header: 'x-shop-key', query: 'api_key' },
    },
  ],
  securityScheme: (options) => ({ type: 'apiKey', in: 'header', name: options.header }),
  create(options, { problems, clock, credential, keepCredential }) {
    const hashes = rememberedHashes();
    return {
      challenge: `ApiKey header="${options.header}"`,
      ...(options.query === undefined ? {} : { queryParameter: options.query }),
      authenticate(exchange) {
        const fromQuery = options.query === undefined ? undefined : queryValue(exchange.query, options.query);
        const key = exchange.request.get(options.header) ?? fromQuery;
        if (!keepCredential) exchange.request.remove(options.header);
        if (key === undefined) return 'absent';
        if (key.length < KEY_LENGTH_MIN || key.length > KEY_LENGTH_MAX) return problems.invalid();
        const known = hashes.get(key);
        const sha256 = known ?? hash('sha256', key);
        const found = credential('api-key', sha256);
        if (!found) return problems.invalid();
        if (known === undefined) hashes.remember(key, sha256);
        if (found.expiresAt !== undefined && found.expiresAt <= clock.now()) return problems.expired();
        return found.enabled ? found.consumer : problems.disabled();
      },
      tells: { name: 'key', read: (exchange) => exchange.consumer?.credentialId },
    };
  },
});

/** Hashes of keys that were found, in two generations: the older half goes when the newer is full. */
function rememberedHashes() {
  let young = new Map<string, string>();
  let old = new Map<string, string>();
  return {
    get: (key: string) => young.get(key) ?? old.get(key),
    remember(key: string, sha256: string): void {
      if (young.size >= REMEMBERED_MAX / 2) [old, young] = [young, new Map()];
      young.set(key, sha256);
    },
  };
}
