/**
 * Caps requests per caller. Request path, before the upstream; exact over all threads of a node.
 * In: an exchange. Out: go on, or a 429 that says when to come back. Both carry RateLimit fields.
 * Source: RFC 6585 §4 (429); draft-ietf-httpapi-ratelimit-headers-11 (fields); ITU-T I.371 (GCRA).
 */
import {
  type BucketShape,
  definePolicy,
  duration,
  type Exchange,
  expression,
  help,
  type HeaderFields,
  strictObject,
  T,
  type Take,
} from '../../sdk/index.ts';

const config = strictObject({
  algorithm: T.Unsafe<'token-bucket'>({
    type: 'string',
    enum: ['token-bucket'],
    default: 'token-bucket',
    ...help('How requests are counted: a bucket that refills evenly.', '计数方式：匀速补充的令牌桶。', '算法'),
  }),
  limit: T.Integer({
    minimum: 1,
    maximum: 1_000_000_000,
    examples: [100],
    ...help('Requests allowed per window.', '每个时间窗口允许的请求数。', '限额'),
  }),
  window: duration({
    default: '1m',
    'x-minimum': '100ms',
    'x-maximum': '31d',
    ...help('Time in which the bucket refills by `limit`.', '补充 `limit` 个令牌所用的时间。', '时间窗口'),
  }),
  burst: T.Optional(
    T.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      ...help('Requests allowed at once; `limit` when left out.', '允许的瞬时请求数；省略时等于 `limit`。', '突发量'),
    }),
  ),
  key: expression({
    default: 'consumer.id',
    examples: ['consumer.id', 'client.address', 'request.header.x-tenant'],
    ...help('What to count by. Where it has no value the client’s address counts.', '按什么计数；没有值时按客户端地址计数。', '键'),
  }),
  name: T.Optional(
    T.String({
      pattern: '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$',
      'x-advanced': true,
      ...help(
        'Name of this limit in the RateLimit fields; where it stands (`plan`, `route`, `data-api`) when left out.',
        '该限制在 RateLimit 响应头中的名称；省略时为其所在位置（`plan`、`route`、`data-api`）。',
        '名称',
      ),
    }),
  ),
});

export default definePolicy({
  id: 'rate-limit',
  title: { en: 'Rate limit', zh: '限流' },
  summary: {
    en: 'Caps requests per consumer or key with a token bucket, exactly over all threads. A changed limit keeps the share used.',
    zh: '用令牌桶按消费者（或任意键）限制请求数，跨线程精确计数；修改限额会保留已用比例。',
  },
  since: '0.1',
  status: 'stable',
  version: 1,
  phases: ['request', 'response'],
  bodies: 'none',
  config,
  problems: {
    exceeded: {
      status: 429,
      title: { en: 'Too many requests', zh: '请求过多' },
      detail: {
        en: 'More than {limit} requests in {window} s. Try again in {seconds} s.',
        zh: '{window} 秒内的请求超过 {limit} 次，请在 {seconds} 秒后重试。',
      },
      retry: 'later',
    },
  },
  examples: [
    { title: { en: '100 a minute for each consumer', zh: '每个消费者每分钟 100 次' }, config: { limit: 100 } },
    {
      title: { en: '5 a second for each address, 20 at once', zh: '每个地址每秒 5 次，瞬时 20 次' },
      config: { algorithm: 'token-bucket', limit: 5, window: '1s', burst: 20, key: 'client.address' },
    },
  ],
  create(options, { counters, problems, expression: compile, identity, label }) {
    const name = options.name ?? label;
    const shape: BucketShape = Object.freeze({ limit: options.limit, windowMs: options.window, burst: options.burst ?? options.limit });
    const read = compile(options.key);
    const windowSeconds = Math.max(1, Math.ceil(options.window / 1000));
    const policyField = `"${name}";q=${options.limit};w=${windowSeconds}`;
    const state = stateText(`"${name}";r=`);
    const owner = {};

    // An identity of their own keeps addresses apart from keys that happen to read the same.
    const byAddress = `${identity} by address`;
    const takeOne = (exchange: Exchange): Take => {
      const value = read(exchange);
      return value === undefined ? counters.take(byAddress, exchange.clientAddress, shape) : counters.take(identity, value, shape);
    };
    const tell = (fields: HeaderFields, remaining: number, seconds: number): void => {
      fields.add('ratelimit-policy', policyField);
      fields.add('ratelimit', state(remaining, seconds));
    };

    return {
      request(exchange) {
        const take = takeOne(exchange);
        if (take.allowed) return void exchange.setNote(owner, take);
        const seconds = Math.max(1, Math.ceil(take.retryAfterMs / 1000));
        tell(exchange.response, 0, seconds);
        return problems.exceeded({
          values: { limit: options.limit, window: windowSeconds, seconds },
          retryAfterMs: take.retryAfterMs,
          extensions: { 'violated-policies': [name] },
        });
      },
      response(exchange) {
        const take = exchange.note(owner) as Take | undefined;
        if (take) tell(exchange.response, take.remaining, Math.max(1, Math.ceil(take.resetAfterMs / 1000)));
      },
      facts: { name, limit: options.limit },
      tells: { name: 'remaining', read: (exchange) => (exchange.note(owner) as Take | undefined)?.remaining ?? 0 },
    };
  },
});

/** Makes the texts of the `ratelimit` field; the last one again without making it. */
function stateText(before: string): (remaining: number, seconds: number) => string {
  let [lastRemaining, lastSeconds, text] = [-1, -1, ''];
  return (remaining, seconds) => {
    if (remaining === lastRemaining && seconds === lastSeconds) return text;
    lastRemaining = remaining;
    lastSeconds = seconds;
    return (text = `${before}${remaining};t=${seconds}`);
  };
}
