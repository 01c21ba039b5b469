/** MariaDB and MySQL as sources, over the text protocol. */
import { connect as connectSocket } from 'node:net';
import {
  type CheckStep,
  defineConnector,
  Problem,
  type Text,
  verbatim,
  NOTHING_LISTENS,
  noAnswerWithin,
  resolved,
  connected,
  loggedIn,
} from '../../../sdk/index.ts';
import { type MysqlConfig, mysqlConfig, mysqlProblems } from './config.ts';
import { discoverStreams } from './discover.ts';
import { type MysqlTools, openSession } from './session.ts';
import { createSource, previewRows } from './source.ts';

export default defineConnector({
  id: 'mysql',
  title: { en: 'MariaDB and MySQL', zh: 'MariaDB 与 MySQL' },
  summary: {
    en: 'Reads MariaDB (tested with 10.11) and MySQL; full, or incremental by a time column.',
    zh: '读取 MariaDB（已在 10.11 上测试）与 MySQL；支持全量，或按时间列增量。',
  },
  since: '0.1',
  status: 'beta',
  version: 1,
  config: mysqlConfig,
  problems: mysqlProblems,
  examples: [
    {
      title: { en: 'An ERP database', zh: 'ERP 数据库' },
      config: { host: 'erp.example.test', database: 'erp', user: 'reader', password: '${secret:erp}' },
    },
    {
      title: { en: 'Zero dates become NULL', zh: '零日期变为 NULL' },
      config: { host: '127.0.0.1', database: 'old', user: 'reader', zeroDates: 'null' },
    },
  ],
  roles: ['source'],
  transactional: false,
  create(config, tools) {
    return {
      check: (signal) => checkSteps(config, tools, signal),
      discover: (signal) => discoverStreams(config, tools, signal),
      preview: (stream, rows, signal) => previewRows(config, tools, stream, rows, signal),
      source: createSource(config, tools),
      close: async () => {},
    };
  },
});

async function* checkSteps(config: MysqlConfig, tools: MysqlTools, signal: AbortSignal): AsyncGenerator<CheckStep> {
  let last = tools.clock.monotonic();
  const step = async (name: CheckStep['step'], work: () => Promise<Text>): Promise<CheckStep> => {
    const outcome = await work().then(
      (detail) => ({ ok: true, detail }),
      (error: unknown) => {
        if (!(error instanceof Problem)) throw error;
        return { ok: false, detail: error.detail, code: error.code };
      },
    );
    const now = tools.clock.monotonic();
    const ms = Math.round((now - last) * 10) / 10;
    last = now;
    // TLS is part of the login in this protocol: its failure is told as the step it belongs to.
    const told = 'code' in outcome && outcome.code.endsWith('/tls-failed') ? 'tls' : name;
    return { step: told, ok: outcome.ok, ms, detail: outcome.detail };
  };
  let addresses: string[] = [];
  const dns = await step('dns', async () => {
    addresses = await tools.resolveHost(config.host, config.port, signal);
    return resolved(config.host, addresses);
  });
  yield dns;
  if (!dns.ok) return;
  const tcp = await step('tcp', () => dial(addresses[0]!, config, tools, signal));
  yield tcp;
  if (!tcp.ok) return;
  const login = await step('login', async () => {
    (await openSession(config, tools, signal)).destroy();
    return loggedIn(config.user, config.tls.mode !== 'disable');
  });
  yield login;
  if (login.ok)
    yield await step('grant', async () => {
      const count = (await discoverStreams(config, tools, signal)).length;
      return { en: `can read ${count} table(s) of "${config.database}"`, zh: `可读取“${config.database}”的 ${count} 个表` };
    });
}

function dial(address: string, config: MysqlConfig, tools: MysqlTools, signal: AbortSignal): Promise<Text> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host: address, port: config.port });
    const fail = (reason: Text, cause?: unknown) => {
      done();
      reject(
        signal.aborted
          ? signal.reason
          : tools.problems['host-unreachable']({ values: { address: `${config.host}:${config.port}`, reason }, cause }),
      );
    };
    const abort = () => fail(verbatim('aborted'));
    const cancel = tools.clock.after(config.connectTimeout, () => fail(noAnswerWithin(config.connectTimeout)));
    const done = () => {
      cancel();
      signal.removeEventListener('abort', abort);
      socket.destroy();
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', (error: Error & { code?: string }) =>
      fail(error.code === 'ECONNREFUSED' ? NOTHING_LISTENS : verbatim(error.message), error),
    );
    socket.once('connect', () => (done(), resolve(connected(config.port))));
  });
}
