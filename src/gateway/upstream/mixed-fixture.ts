/** For tests: clients of HTTP/1.1 and HTTP/2 that ask through a real engine for what an unruly target gives, and check whose it is. */
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { defineProblems } from '../../base/problem.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import type { CompiledRetries, CompiledUpstream } from '../../sdk/upstream.ts';
import { eventually, type Gateway, startGateway, turns } from '../http/fixture.ts';
import { chunksOf, content, readChunked, startUnruly, type Unruly } from './unruly-fixture.ts';
import { strainSockets } from './strain-fixture.ts';
import { UPSTREAM_EVENTS } from './upstream-counts.ts';

/** An answer takes less, whatever goes wrong. */
const ANSWER_MS = 20_000;
/** How much oftener targets answer early under strain. */
const OFTEN = 5;
const PIPELINED = UPSTREAM_EVENTS.indexOf('pipelined');
const { raise } = defineProblems('core/test', { no: { status: 418, title: { en: 'No', zh: '否' } } });

/** One round: which engine, and how much. */
export interface Mixture {
  readonly seed: number;
  readonly pipelining: number;
  readonly connectionsMax: number;
  readonly retries: boolean;
  readonly isPhaseAsync: boolean;
  readonly protocol: 'http/1.1' | 'h2';
  /** The upstream is written anew all the time: its targets come and go, and what it says of pipelining. */
  readonly changes: boolean;
  /** Nobody takes bytes at once, and targets often answer before they have read. */
  readonly isStrained: boolean;
  readonly clients: number;
  readonly each: number;
}

/** What came of it. Anything in `wrong` is a fault of the gateway. */
export interface Mixed {
  readonly wrong: string[];
  exchanges: number;
  whole: number;
  /** Problems of the gateway, by status; answers cut off, with a sign of it; and askers who left. */
  problems: number;
  cut: number;
  left: number;
  pipelined: number;
}

interface Question {
  readonly id: number;
  readonly method: string;
  readonly size: number;
  readonly out: number;
  readonly isChunked: boolean;
  readonly path: string;
}

const RETRIES: CompiledRetries = {
  attempts: 3,
  conditions: ['connect', 'closed', 'timeout'],
  statuses: [503],
  allMethods: false,
  perTryMs: 400,
  deadlineMs: 2000,
  bodyBytesMax: 20_000,
  backoffMs: 1,
  backoffMaxMs: 5,
  budget: { percent: 100, least: 1000, windowMs: 1000 },
};

/** Runs a round; every exchange has ended and every connection rests or is closed when it is over, else it says so. */
export async function mix(mixture: Mixture): Promise<Mixed> {
  const result: Mixed = { wrong: [], exchanges: 0, whole: 0, problems: 0, cut: 0, left: 0, pipelined: 0 };
  const random = seededRandom(mixture.seed);
  const targets = await Promise.all([1, 2].map((n) => startUnruly(mixture.seed * 10 + n, result.wrong, mixture.isStrained ? OFTEN : 1)));
  const upstream = upstreamOf(mixture, targets);
  const gateway = await startGateway({
    connectionsMax: mixture.connectionsMax,
    upstream: upstream(targets.length, mixture.pipelining),
    limits: { requestsPerConnectionMax: 1e6, connectionsMax: 1000, connectionsPerAddressMax: 1000, streamResetsMax: 1e6 },
    forward: { firstByteMs: 600, idleMs: 600, connectMs: 5000 },
    onResponse: () => {
      const chance = random.float();
      const problem = chance < 0.03 ? raise.no() : undefined;
      return mixture.isPhaseAsync && chance < 0.5 ? turns(random.integer(5)).then(() => problem) : problem;
    },
  });
  const relax = mixture.isStrained ? strainSockets(seededRandom(mixture.seed + 3)) : () => {};
  const changing = new AbortController();
  const changes = mixture.changes ? change(gateway, upstream, mixture, changing.signal) : Promise.resolve();
  try {
    const client = mixture.protocol === 'h2' ? askByHttp2 : askByHttp1;
    await Promise.all(Array.from({ length: mixture.clients }, (_, n) => client(gateway.port, n, mixture, result)));
    changing.abort();
    await changes;
    await settled(gateway, result);
  } finally {
    relax();
    changing.abort();
    await gateway.stop();
    for (const target of targets) target.close();
  }
  return result;
}

function upstreamOf({ connectionsMax, retries }: Mixture, targets: readonly Unruly[]) {
  return (count: number, pipelining: number): CompiledUpstream => ({
    project: 'default',
    name: 'up',
    targets: targets.slice(0, count).map(({ port }) => ({ host: '127.0.0.1', port, weight: 1 })),
    connectionsMax,
    idleMs: 3000,
    pipelining,
    requestTrailers: true,
    ...(retries ? { retries: RETRIES } : {}),
  });
}

async function change(
  gateway: Gateway,
  upstream: ReturnType<typeof upstreamOf>,
  { seed, pipelining }: Mixture,
  signal: AbortSignal,
): Promise<void> {
  const random = seededRandom(seed + 7);
  while (!signal.aborted) {
    await turns(20 + random.integer(50));
    gateway.engine.putUpstream(upstream(1 + random.integer(2), random.float() < 0.3 ? 1 : pipelining));
  }
}

async function settled(gateway: Gateway, result: Mixed): Promise<void> {
  try {
    await eventually(() => gateway.outcomes.length === gateway.exchanges.length, 'every exchange ends');
    await eventually(() => {
      const { open, idle, waiting } = gateway.engine.stats().upstream;
      return gateway.engine.stats().listener.connections === 0 && open === idle && waiting === 0;
    }, 'nothing is left over');
  } catch (error) {
    const { outcomes, exchanges, engine } = gateway;
    result.wrong.push(`${(error as Error).message}: ${exchanges.length - outcomes.length} ${JSON.stringify(engine.stats())}`);
  }
  result.exchanges = gateway.outcomes.length;
  // No client here rests for so long: who did was not read any more.
  const rested = gateway.engine.listenerNumbers().flatMap(({ ended }) => ended.filter(([reason]) => reason === 'keep-alive'));
  if (rested.length > 0) result.wrong.push(`clients that had asked were closed as idle: ${JSON.stringify(rested)}`);
  const { events } = gateway.engine.upstreamCounts()[0] ?? { events: [] };
  result.pipelined = events[PIPELINED] ?? 0;
}

function question(id: number, random: Random): Question {
  const method = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT'][random.integer(6)]!;
  const hasBody = method === 'POST' || method === 'PUT';
  const sizes = [0, random.integer(200), random.integer(5000), random.integer(20_000), random.integer(90_000)];
  const size = hasBody ? sizes[random.integer(5)]! : 0;
  const out = sizes[random.integer(random.float() < 0.7 ? 3 : 5)]!;
  return { id, method, size, out, isChunked: hasBody && random.float() < 0.5, path: `/${id}?in=${size}&out=${out}` };
}

/** Checks an answer; `isWhole` says how its end was told. */
function check(
  { id, out, method }: Question,
  answer: { status: number; fields: Map<string, string>; body: Buffer; trailers: string },
  result: Mixed,
): void {
  const { status, fields, body, trailers } = answer;
  const name = `${method} ${id}`;
  if (fields.get('content-type') === 'application/problem+json') {
    result.problems++;
    if (method !== 'HEAD' && JSON.parse(body.toString()).status !== status) result.wrong.push(`${name}: problem ${body}`);
    return;
  }
  result.whole++;
  if (fields.get('x-for') !== String(id)) return void result.wrong.push(`${name}: got the answer of ${fields.get('x-for')}`);
  const isEmpty = method === 'HEAD' || status === 204 || status === 304;
  if (!body.equals(isEmpty ? Buffer.alloc(0) : content(id + 1, out)))
    result.wrong.push(`${name}: ${status} body of ${body.length}, not ${out}`);
  if (trailers !== '' && trailers !== `x-end: ${id}\n`) result.wrong.push(`${name}: trailers ${trailers}`);
}

/** Requests one after the other or a few ahead, over one connection as long as it stands. */
async function askByHttp1(port: number, name: number, { seed, each }: Mixture, result: Mixed): Promise<void> {
  const random = seededRandom(seed * 1000 + name);
  let line: Line | undefined;
  for (let n = 0; n < each; ) {
    line = line && !line.isOver ? line : new Line(port);
    const ahead = random.float() < 0.8 ? 1 : 1 + random.integer(4);
    const questions = Array.from({ length: ahead }, (_, i) => question((name + 1) * 1_000_000 + n + i, random));
    n += ahead;
    const bytes = Buffer.concat(questions.map((one) => bytesOf(one, random)));
    const leaves = random.float() < 0.06;
    await line.send(leaves && random.float() < 0.5 ? bytes.subarray(0, random.integer(bytes.length)) : bytes, random);
    if (leaves) {
      await turns(random.integer(12));
      result.left += ahead;
      line.socket.destroy();
      line.isOver = true;
      continue;
    }
    for (const one of questions) if (!(await line.answer(one, result))) break;
  }
  line?.socket.destroy();
}

function bytesOf({ id, method, size, isChunked, path }: Question, random: Random): Buffer {
  const wantsTrailers = random.float() < 0.3 ? 'TE: trailers\r\nConnection: TE\r\n' : '';
  const head = `${method} ${path} HTTP/1.1\r\nHost: a\r\n${wantsTrailers}`;
  if (isChunked) {
    const trailer = random.float() < 0.4 ? `x-check: ${id}\r\n` : '';
    return Buffer.concat([Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`), chunksOf(id, size, random, trailer)]);
  }
  const length = method === 'POST' || method === 'PUT' ? `Content-Length: ${size}\r\n` : '';
  return Buffer.concat([Buffer.from(`${head}${length}\r\n`), content(id, size)]);
}

/** A client's connection. */
class Line {
  readonly socket: Socket;
  isOver = false;
  private isReset = false;
  private bytes: Buffer = Buffer.alloc(0);
  private changed: () => void = () => {};

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (piece: Buffer) => ((this.bytes = Buffer.concat([this.bytes, piece])), this.changed()));
    this.socket.on('error', () => (this.isReset = true));
    this.socket.on('close', () => ((this.isOver = true), this.changed()));
    this.socket.on('end', () => ((this.isOver = true), this.changed()));
  }

  /** In pieces, mostly. */
  async send(bytes: Buffer, random: Random): Promise<void> {
    for (let at = 0; at < bytes.length && !this.isOver; ) {
      const to = random.float() < 0.6 ? bytes.length : at + 1 + random.integer(random.float() < 0.5 ? 100 : 30_000);
      this.socket.write(bytes.subarray(at, to));
      at = to;
      if (at < bytes.length) await turns(random.integer(3));
    }
  }

  /** Reads and checks the next answer; false when the connection ended first. */
  async answer(one: Question, result: Mixed): Promise<boolean> {
    const late = AbortSignal.timeout(ANSWER_MS);
    for (;;) {
      const read = this.next(one);
      if (read) {
        check(one, read, result);
        return true;
      }
      if (this.isOver) {
        result.cut++;
        return false;
      }
      if (late.aborted) {
        result.wrong.push(`${one.method} ${one.id}: no answer, got ${JSON.stringify(this.bytes.toString('latin1').slice(0, 300))}`);
        this.socket.destroy();
        return false;
      }
      await new Promise<void>((resolve) => {
        this.changed = resolve;
        late.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  private next({ method, id }: Question): Parameters<typeof check>[1] | undefined {
    const headEnd = this.bytes.indexOf('\r\n\r\n') + 4;
    if (headEnd < 4) return undefined;
    const [first, ...lines] = this.bytes.toString('latin1', 0, headEnd - 4).split('\r\n') as [string, ...string[]];
    const status = Number(/^HTTP\/1\.1 (\d\d\d) /.exec(first)?.[1]);
    const fields = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]));
    const done = (body: Buffer, end: number, trailers = '') => {
      this.bytes = this.bytes.subarray(end);
      return { status, fields, body, trailers };
    };
    if (!(status >= 100)) throw new Error(`${method} ${id}: ${first}`);
    if (status < 200) {
      this.bytes = this.bytes.subarray(headEnd);
      return this.next({ method, id } as Question);
    }
    if (method === 'HEAD' || status === 204 || status === 304) return done(Buffer.alloc(0), headEnd);
    if (fields.get('transfer-encoding') === 'chunked') {
      const framed = readChunked(this.bytes, headEnd);
      return framed && done(framed.body, framed.end, framed.trailers);
    }
    const length = fields.get('content-length');
    const end =
      length === undefined ? (this.isOver && !this.isReset ? this.bytes.length : Number.POSITIVE_INFINITY) : headEnd + Number(length);
    return this.bytes.length < end ? undefined : done(this.bytes.subarray(headEnd, end), end);
  }
}

/** Streams of one connection, a few at once; some are taken back. */
async function askByHttp2(port: number, name: number, { seed, each }: Mixture, result: Mixed): Promise<void> {
  const random = seededRandom(seed * 1000 + name);
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', (error) => result.wrong.push(`session ${name}: ${error.message}`));
  for (let n = 0; n < each; ) {
    const together = 1 + random.integer(6);
    const questions = Array.from({ length: together }, (_, i) => question((name + 1) * 1_000_000 + n + i, random));
    n += together;
    await Promise.all(questions.map((one) => stream(session, one, random, result)));
  }
  session.close();
  await once(session, 'close');
}

async function stream(session: ClientHttp2Session, one: Question, random: Random, result: Mixed): Promise<void> {
  const { id, method, size, path, isChunked } = one;
  const hasBody = method === 'POST' || method === 'PUT';
  const length = hasBody && !isChunked ? { 'content-length': String(size) } : {};
  const request = session.request({ ':method': method, ':path': path, ...length }, { endStream: !hasBody, waitForTrailers: isChunked });
  const fields = new Map<string, string>();
  const pieces: Buffer[] = [];
  let trailers = '';
  let status = 0;
  let isEnded = false;
  request.on('wantTrailers', () => request.sendTrailers({ 'x-check': String(id) }));
  request.on('response', (head) => {
    status = Number(head[':status']);
    for (const [field, value] of Object.entries(head)) fields.set(field, String(value));
  });
  request.on('trailers', (head) => {
    for (const [field, value] of Object.entries(head)) trailers += `${field}: ${String(value)}\n`;
  });
  request.on('data', (piece: Buffer) => void pieces.push(piece));
  request.on('end', () => (isEnded = !request.aborted && request.rstCode === 0));
  request.on('error', () => {});
  if (hasBody) request.end(content(id, size));
  const leaves = random.float() < 0.06;
  if (leaves) void turns(random.integer(20)).then(() => request.close(8));
  const isClosed = await once(request, 'close', { signal: AbortSignal.timeout(ANSWER_MS) }).then(
    () => true,
    () => request.destroyed,
  );
  if (!isClosed) {
    result.wrong.push(`${method} ${id}: no answer, only ${status} and ${Buffer.concat(pieces).length} bytes`);
    request.destroy();
    return;
  }
  if (leaves) result.left++;
  else if (isEnded && request.rstCode === 0 && status > 0) check(one, { status, fields, body: Buffer.concat(pieces), trailers }, result);
  else result.cut++;
}
