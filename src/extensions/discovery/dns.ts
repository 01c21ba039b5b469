/**
 * Targets from DNS: the addresses of a name (A, AAAA), or what its SRV records name. Asked by c-ares over sockets, never by
 * the system's blocking look-up; names of the hosts file count for addresses, as everywhere else.
 * How long an answer holds is its shortest TTL, within bounds. Node does not tell the TTL of SRV records:
 * they hold as long as the addresses they lead to. Source: RFC 1035, RFC 2782 (SRV), RFC 2308 (negative answers).
 */
import type { SrvRecord } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { type CompiledTarget, defineDiscovery, FOUND_MAX, duration, help, strictObject, T, verbatim } from '../../sdk/index.ts';

const HOSTS_FILE = process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts';
const HOSTS_HOLD_MS = 30_000;
/** Names of SRV records that are asked for, and targets after which no more are: enough to say that there are too many. */
const ENOUGH = FOUND_MAX + 1;
/** Names of SRV records asked for at once. */
const AT_ONCE = 16;
const WEIGHT_MAX = 1000;

const config = strictObject({
  name: T.String({
    minLength: 1,
    maxLength: 253,
    pattern: '^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\\.?$',
    examples: ['orders.internal', '_http._tcp.orders.internal'],
    ...help('Name to ask for.', '要查询的名称。', '名称'),
  }),
  record: T.Union([T.Literal('address'), T.Literal('a'), T.Literal('aaaa'), T.Literal('srv')], {
    default: 'address',
    ...help(
      'Which records: `address` is A and AAAA; `srv` also gives port and weight, of the best priority only.',
      '记录类型：`address` 为 A 与 AAAA；`srv` 还提供端口与权重，且只取最高优先级。',
      '记录类型',
    ),
  }),
  port: T.Integer({ minimum: 1, maximum: 65_535, default: 80, ...help('TCP port; not for `srv`.', 'TCP 端口；`srv` 不使用。', '端口') }),
  servers: T.Array(T.String({ minLength: 2, maxLength: 60 }), {
    maxItems: 8,
    default: [],
    examples: [['10.0.0.53', '10.0.0.54:5353']],
    ...help(
      'Addresses of DNS servers, with or without port; empty = those of the system.',
      'DNS 服务器地址，可带端口；为空则使用系统设置。',
      '服务器',
    ),
  }),
  timeout: duration({
    default: '2s',
    'x-minimum': '100ms',
    'x-maximum': '30s',
    ...help('Longest wait for one server’s answer.', '等待单个服务器应答的最长时间。', '超时'),
  }),
  ttlMin: duration({
    default: '5s',
    'x-minimum': '1s',
    'x-maximum': '1h',
    ...help('An answer holds at least so long, whatever its TTL says.', '应答至少有效的时间，无论其 TTL。', {
      en: 'Shortest TTL',
      zh: '最短有效期',
    }),
  }),
  ttlMax: duration({
    default: '5m',
    'x-minimum': '1s',
    'x-maximum': '24h',
    ...help('An answer holds at most so long.', '应答最长有效的时间。', { en: 'Longest TTL', zh: '最长有效期' }),
  }),
  negative: duration({
    default: '10s',
    'x-minimum': '1s',
    'x-maximum': '1h',
    ...help('How long the answer “no such name” holds.', '“名称不存在”的应答保留多久。', '否定缓存'),
  }),
});

interface Address {
  readonly address: string;
  readonly holdsMs: number;
}

/** A target and how long it holds. */
interface Placed {
  readonly target: CompiledTarget;
  readonly holdsMs: number;
}

/** One search: its answers by question, and what went wrong. */
interface Search {
  readonly asking: Resolver;
  readonly answers: Map<string, readonly Address[]>;
  readonly failures: unknown[];
}

export default defineDiscovery({
  id: 'dns',
  title: { en: 'DNS', zh: 'DNS 发现' },
  summary: {
    en: 'Targets from A, AAAA or SRV records; their TTL says when to ask again.',
    zh: '从 A、AAAA 或 SRV 记录获取目标，按 TTL 定期重新查询。',
  },
  since: '0.1',
  status: 'stable',
  version: 1,
  config,
  problems: {
    'no-records': {
      status: 502,
      title: { en: 'Name has no such records', zh: '该名称没有此类记录' },
      detail: { en: 'DNS knows no {record} records of {name}.', zh: 'DNS 中没有 {name} 的 {record} 记录。' },
    },
    'no-answer': {
      status: 504,
      title: { en: 'DNS gave no answer', zh: 'DNS 没有应答' },
      detail: {
        en: 'No DNS server answered for {name}: {reason}. Check "servers" and that they can be reached.',
        zh: '没有 DNS 服务器应答 {name}：{reason}。请检查“servers”以及网络是否可达。',
      },
    },
    'bad-server': {
      status: 400,
      title: { en: 'Not an address of a DNS server', zh: '不是 DNS 服务器地址' },
      detail: {
        en: '"servers" must hold addresses such as 10.0.0.53 or 10.0.0.53:5353.',
        zh: '“servers”须为地址，如 10.0.0.53 或 10.0.0.53:5353。',
      },
    },
  },
  examples: [
    { title: { en: 'All addresses of a name', zh: '名称的全部地址' }, config: { name: 'orders.internal', port: 9000 } },
    {
      title: { en: 'SRV records from a server of one’s own', zh: '由自建服务器提供的 SRV 记录' },
      config: { name: '_http._tcp.orders.internal', record: 'srv', servers: ['10.0.0.53'], ttlMin: '2s' },
    },
  ],
  create({ name, record, port, servers, timeout, ttlMin, ttlMax, negative }, { problems }) {
    const bounded = (ms: number) => Math.min(Math.max(ms, ttlMin), Math.max(ttlMin, ttlMax));

    /** Answers of the last search, by question; what one question of several found stands in when it fails alone. */
    let lastAnswers = new Map<string, readonly Address[]>();

    /** Raises unless the answer was that there are none. */
    function none(error: unknown): [] {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
      throw problems['no-answer']({ cause: error, values: { name: verbatim(name), reason: verbatim(code) }, retryAfterMs: ttlMin });
    }

    async function ask({ asking, answers, failures }: Search, host: string, family: 4 | 6): Promise<readonly Address[]> {
      const question = `${family} ${plain(host)}`;
      try {
        const said = await (family === 4 ? asking.resolve4(host, { ttl: true }) : asking.resolve6(host, { ttl: true })).catch(none);
        // In order, since servers turn theirs around with each answer.
        const found = said.map(({ address, ttl }) => ({ address, holdsMs: ttl * 1000 })).sort(byText);
        answers.set(question, found);
      } catch (error) {
        failures.push(error);
        answers.set(
          question,
          (lastAnswers.get(question) ?? []).map(({ address }) => ({ address, holdsMs: ttlMin })),
        );
      }
      return answers.get(question)!;
    }

    /** Every address of `host` that is wanted; the hosts file first. */
    async function addresses(search: Search, host: string, wanted: 'address' | 'a' | 'aaaa'): Promise<readonly Address[]> {
      const families = wanted === 'address' ? ([4, 6] as const) : ([wanted === 'a' ? 4 : 6] as const);
      const local = (await hostsFile(host)).filter((address) => families.some((family) => family === isIP(address)));
      if (local.length > 0) return local.map((address) => ({ address, holdsMs: HOSTS_HOLD_MS }));
      return (await Promise.all(families.map((family) => ask(search, host, family)))).flat();
    }

    async function byAddress(search: Search, wanted: 'address' | 'a' | 'aaaa'): Promise<Placed[]> {
      const found = await addresses(search, name, wanted);
      return found.map(({ address, holdsMs }) => ({ target: { host: address, port, weight: 1, name: plain(name) }, holdsMs }));
    }

    async function byService(search: Search): Promise<Placed[]> {
      const records = (await search.asking.resolveSrv(name).catch(none)).sort(byPlace);
      const used = records.filter(({ priority }) => priority === records[0]!.priority).slice(0, ENOUGH);
      const heaviest = used.reduce((most, { weight }) => Math.max(most, weight), 1);
      const scale = heaviest > WEIGHT_MAX ? WEIGHT_MAX / heaviest : 1;
      const targets: Placed[] = [];
      for (let at = 0; at < used.length && targets.length < ENOUGH; at += AT_ONCE) {
        const some = used.slice(at, at + AT_ONCE);
        const answers = await Promise.all(some.map((one) => addresses(search, one.name, 'address')));
        for (const [i, one] of some.entries()) {
          const weight = Math.max(1, Math.round(one.weight * scale));
          const place = { port: one.port, weight, name: plain(one.name) };
          targets.push(...answers[i]!.map(({ address, holdsMs }) => ({ target: { host: address, ...place }, holdsMs })));
        }
      }
      return targets;
    }

    return {
      async find(signal) {
        const asking = new Resolver({ timeout, tries: 2 });
        useServers(asking, servers, problems['bad-server']);
        signal.addEventListener('abort', () => asking.cancel(), { once: true });
        const search: Search = { asking, answers: new Map(), failures: [] };
        const targets = await (record === 'srv' ? byService(search) : byAddress(search, record));
        if (search.failures.length > 0 && search.failures.length === search.answers.size) throw search.failures[0];
        lastAnswers = search.answers;
        if (targets.length === 0 && search.failures.length > 0) throw search.failures[0];
        if (targets.length === 0)
          throw problems['no-records']({
            values: { name: verbatim(name), record: verbatim(record.toUpperCase()) },
            retryAfterMs: negative,
          });
        const holdsMs = targets.reduce((least, one) => Math.min(least, one.holdsMs), Number.POSITIVE_INFINITY);
        return { targets: targets.map(({ target }) => target), holdsMs: bounded(search.failures.length > 0 ? ttlMin : holdsMs) };
      },
    };
  },
});

function useServers(asking: Resolver, servers: readonly string[], bad: (options: { cause: unknown }) => Error): void {
  try {
    if (servers.length > 0) asking.setServers([...servers]);
  } catch (cause) {
    throw bad({ cause });
  }
}

const byText = (a: Address, b: Address): number => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0);

/** The best priority first, then in an order that no answer changes. */
function byPlace(a: SrvRecord, b: SrvRecord): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.port - b.port);
}

const plain = (name: string): string => name.replace(/\.$/, '').toLowerCase();

/** Addresses the hosts file gives a name; none when there is no such file. */
async function hostsFile(name: string): Promise<string[]> {
  const text = await readFile(HOSTS_FILE, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return isIP(address) !== 0 && names.some((one) => one.toLowerCase() === plain(name)) ? [address] : [];
  });
}
