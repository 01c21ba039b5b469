/** The steps of a connection check: name, socket, TLS, login, grants; each with its time; the first failure ends it. */
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  type CheckStep,
  Problem,
  type Text,
  Told,
  tell,
  wordsOf,
  NOTHING_LISTENS,
  NO_TLS,
  noAnswerWithin,
  NO_ADDRESS,
  resolved,
  connected,
  loggedIn,
} from '../../../sdk/index.ts';
import type { PostgresConfig } from './config.ts';
import { openSession, type PostgresTools, tlsOptions } from './session.ts';

/** Source: PostgreSQL manual, "Frontend/Backend Protocol — SSLRequest". */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Checks step by step. */
export async function* checkSteps(config: PostgresConfig, tools: PostgresTools, signal: AbortSignal): AsyncGenerator<CheckStep> {
  const time = timer(tools);
  let addresses: string[] = [];
  const dns = await attempt('dns', time, async () => {
    addresses = await tools.resolveHost(config.host, config.port, signal);
    return resolved(config.host, addresses);
  });
  yield dns;
  if (!dns.ok) return;
  let socket: Socket | undefined;
  try {
    const tcp = await attempt('tcp', time, async () => {
      socket = await dial(addresses, config, tools, signal);
      return connected(config.port);
    });
    yield tcp;
    if (!tcp.ok) return;
    const tls = await attempt('tls', time, () => tryTls(socket!, config, tools, signal));
    yield tls;
    if (!tls.ok) return;
  } finally {
    socket?.destroy();
  }
  yield* loginSteps(config, tools, time, signal);
}

async function* loginSteps(
  config: PostgresConfig,
  tools: PostgresTools,
  time: () => number,
  signal: AbortSignal,
): AsyncGenerator<CheckStep> {
  let session: Awaited<ReturnType<typeof openSession>> | undefined;
  try {
    const login = await attempt('login', time, async () => {
      session = await openSession(config, tools, 'check', signal);
      return loggedIn(config.user, false);
    });
    yield login;
    if (!login.ok) return;
    let warning: Text | undefined;
    const grant = await attempt('grant', time, async () => {
      const [row] = await session!.query(GRANTS, [], signal);
      if (row!['super'] === 'true') warning = SUPERUSER;
      else if (row!['writable'] !== '0')
        warning = { en: `the login may write ${row!['writable']} table(s)`, zh: `该登录用户可写 ${row!['writable']} 个表` };
      const creates = row!['creates'] === 'true';
      return {
        en: `can read ${row!['readable']} table(s)${creates ? ', can create schemas' : ''}`,
        zh: `可读取 ${row!['readable']} 个表${creates ? '，可创建 schema' : ''}`,
      };
    });
    yield warning && grant.ok ? { ...grant, warning } : grant;
    await session!.end();
  } finally {
    session?.destroy();
  }
}

const SUPERUSER: Text = { en: 'the login is a superuser: use one with fewer rights', zh: '该登录用户是超级用户：请改用权限更小的用户' };

const GRANTS = `
  SELECT (current_setting('is_superuser') = 'on')::text AS super, has_database_privilege(current_database(), 'CREATE')::text AS creates,
    count(*) FILTER (WHERE has_table_privilege(c.oid, 'SELECT'))::text AS readable,
    count(*) FILTER (WHERE has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE'))::text AS writable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r','p','v','m','f') AND n.nspname NOT IN ('pg_catalog','information_schema') AND n.nspname NOT LIKE 'pg\\_%'
    AND has_schema_privilege(n.oid, 'USAGE')`;

/** Milliseconds since the last call. */
function timer(tools: PostgresTools): () => number {
  let last = tools.clock.monotonic();
  return () => {
    const now = tools.clock.monotonic();
    const ms = Math.round((now - last) * 10) / 10;
    last = now;
    return ms;
  };
}

async function attempt(step: CheckStep['step'], time: () => number, work: () => Promise<Text>): Promise<CheckStep> {
  try {
    const detail = await work();
    return { step, ok: true, ms: time(), detail };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { step, ok: false, ms: time(), detail: error.detail };
  }
}

async function dial(addresses: readonly string[], config: PostgresConfig, tools: PostgresTools, signal: AbortSignal): Promise<Socket> {
  let last: Error | undefined;
  for (const host of addresses) {
    try {
      return await settled(connectSocket({ host, port: config.port }), 'connect', config.connectTimeout, tools, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      last = error as Error;
    }
  }
  const reason = (last as { code?: string } | undefined)?.code === 'ECONNREFUSED' ? NOTHING_LISTENS : last ? wordsOf(last) : NO_ADDRESS;
  throw tools.problems['host-unreachable']({ values: { address: `${config.host}:${config.port}`, reason }, cause: last });
}

async function tryTls(socket: Socket, config: PostgresConfig, tools: PostgresTools, signal: AbortSignal): Promise<Text> {
  if (config.tls.mode === 'disable') return { en: 'TLS is switched off', zh: 'TLS 已关闭' };
  const fail = (reason: Text, cause?: unknown) =>
    tools.problems['tls-failed']({ values: { address: `${config.host}:${config.port}`, reason }, cause });
  const answer = new Promise<Buffer>((resolve) => socket.once('data', resolve));
  socket.write(SSL_REQUEST);
  const first = await within(answer, socket, config.connectTimeout, tools, signal).catch((error: unknown) => {
    if (signal.aborted) throw signal.reason;
    throw fail(wordsOf(error), error);
  });
  if (first[0] !== 0x53) {
    if (config.tls.mode === 'prefer')
      return { en: 'the server offers no TLS; the connection is not encrypted', zh: '服务器不支持 TLS；连接未加密' };
    throw fail(NO_TLS);
  }
  try {
    const secure = connectTls({ socket, ...tlsOptions(config) });
    await settled(secure, 'secureConnect', config.connectTimeout, tools, signal);
    const checked =
      config.tls.mode === 'verify-full'
        ? { en: 'certificate and name checked', zh: '已校验证书与名称' }
        : { en: 'certificate not checked', zh: '未校验证书' };
    return tell({ en: '{protocol}, {checked}', zh: '{protocol}，{checked}' }, { protocol: secure.getProtocol() ?? 'TLS', checked });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw fail(wordsOf(error), error);
  }
}

function settled<S extends Socket>(socket: S, event: string, timeoutMs: number, tools: PostgresTools, signal: AbortSignal): Promise<S> {
  return within(new Promise<S>((resolve) => socket.once(event, () => resolve(socket))), socket, timeoutMs, tools, signal);
}

/** Waits for `wanted`; destroys the socket and rejects on its error, on timeout and on abort. */
function within<T>(wanted: Promise<T>, socket: Socket, timeoutMs: number, tools: PostgresTools, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      done();
      socket.destroy();
      reject(error);
    };
    const abort = () => fail(signal.reason as Error);
    const onClose = () => fail(new Told({ en: 'the server closed the connection', zh: '服务器关闭了连接' }));
    const cancel = tools.clock.after(timeoutMs, () => fail(new Told(noAnswerWithin(timeoutMs))));
    const done = () => {
      cancel();
      signal.removeEventListener('abort', abort);
      socket.removeListener('close', onClose);
    };
    socket.once('error', fail);
    socket.once('close', onClose);
    signal.addEventListener('abort', abort, { once: true });
    wanted.then((value) => (done(), resolve(value)), fail);
  });
}
