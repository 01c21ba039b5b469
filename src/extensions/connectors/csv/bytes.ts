/** The bytes of a CSV file or export, through the guards: a checked descriptor, or a pinned address. */
import { constants, fstatSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { type ConnectorTools, Told, wordsOf, NOTHING_LISTENS, noAnswerWithin } from '../../../sdk/index.ts';
import type { CsvConfig, csvProblems } from './config.ts';

export type CsvTools = ConnectorTools<typeof csvProblems>;

/** Opens and reads; ends with an error when the file changed meanwhile or the answer was cut. */
export function readBytes(config: CsvConfig, tools: CsvTools, signal: AbortSignal): AsyncIterable<Uint8Array> {
  if ((config.file === undefined) === (config.url === undefined)) throw tools.problems['nothing-to-read']();
  return config.file !== undefined ? readFile(config.file, tools, signal) : readUrl(new URL(config.url!), config, tools, signal);
}

async function* readFile(file: string, tools: CsvTools, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  const path = await tools.resolveFile(file, 'read');
  const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    tools.recheckFile(handle.fd, path);
    const before = fstatSync(handle.fd, { bigint: true });
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(64 * 1024), 0, 64 * 1024);
      if (bytesRead === 0) break;
      yield buffer.subarray(0, bytesRead);
    }
    const after = fstatSync(handle.fd, { bigint: true });
    const named = statSync(path, { bigint: true, throwIfNoEntry: false });
    const same = after.size === before.size && after.mtimeNs === before.mtimeNs && named?.ino === before.ino && named.dev === before.dev;
    if (!same) throw tools.problems['changed-while-read']({ values: { source: file } });
  } finally {
    await handle.close();
  }
}

async function* readUrl(url: URL, config: CsvConfig, tools: CsvTools, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const answer = await request(url, config, tools, signal);
  let expired = false;
  const expire = () => {
    expired = true;
    answer.destroy();
  };
  let cancel = tools.clock.after(config.timeout, expire);
  const abort = () => answer.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    for await (const piece of answer) {
      cancel();
      yield piece as Uint8Array;
      cancel = tools.clock.after(config.timeout, expire);
    }
    if (!answer.complete) throw new Told({ en: 'the answer was cut', zh: '响应被截断' });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const reason = expired ? { en: `no bytes for ${config.timeout} ms`, zh: `${config.timeout} 毫秒没有收到数据` } : wordsOf(error);
    throw tools.problems['connection-lost']({ values: { reason }, cause: error });
  } finally {
    cancel();
    signal.removeEventListener('abort', abort);
    answer.destroy();
  }
}

/** Sends the GET to the address that was checked, whatever the name resolves to by now. */
async function request(url: URL, config: CsvConfig, tools: CsvTools, signal: AbortSignal): Promise<IncomingMessage> {
  const secure = url.protocol === 'https:';
  const port = Number(url.port || (secure ? 443 : 80));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const [address] = await tools.resolveHost(host, port, signal);
  return new Promise((resolve, reject) => {
    const sent = (secure ? https : http).request({
      host: address,
      port,
      path: url.pathname + url.search,
      method: 'GET',
      agent: false,
      ...(secure && !isIP(host) ? { servername: host } : {}),
      headers: {
        host: url.host,
        accept: 'text/csv, */*;q=0.5',
        'accept-encoding': 'identity',
        ...(config.authorization ? { authorization: config.authorization } : {}),
      },
    });
    const fail = (error: Error & { code?: string }) => {
      done();
      sent.destroy();
      if (signal.aborted) return reject(signal.reason);
      const reason = error.code === 'ECONNREFUSED' ? NOTHING_LISTENS : wordsOf(error);
      reject(tools.problems['host-unreachable']({ values: { address: url.host, reason }, cause: error }));
    };
    const abort = () => fail(signal.reason as Error);
    const cancel = tools.clock.after(config.timeout, () => fail(new Told(noAnswerWithin(config.timeout))));
    const done = () => {
      cancel();
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort, { once: true });
    sent.on('error', fail);
    sent.once('response', (answer) => {
      done();
      if (answer.statusCode === 200 && !answer.headers['content-encoding']) return resolve(answer);
      sent.destroy();
      const encoding = answer.headers['content-encoding'];
      const reason =
        answer.statusCode === 200
          ? { en: `encoding ${encoding}`, zh: `编码 ${encoding}` }
          : { en: `status ${answer.statusCode}`, zh: `状态码 ${answer.statusCode}` };
      reject(tools.problems['bad-answer']({ values: { reason } }));
    });
    sent.end();
  });
}
