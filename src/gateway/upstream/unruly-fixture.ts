/** For tests of mixed exchanges: a target that reads every request strictly, compares its body, and misbehaves by seeded chance. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type Random, seededRandom } from '../../base/random.ts';
import { turns } from '../http/fixture.ts';

/** Bytes that say which message they belong to and where they stand in it. */
export function content(id: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let i = 0; i < size; i++) bytes[i] = (id * 31 + i * 7 + (i >> 8)) & 0xff;
  return bytes;
}

/** Chunks of the content cut by chance, and trailers with its number. */
export function chunksOf(id: number, size: number, random: Random, trailer = ''): Buffer {
  const pieces: Buffer[] = [];
  const all = content(id, size);
  for (let at = 0; at < size; ) {
    const length = Math.min(size - at, 1 + random.integer(9000));
    pieces.push(Buffer.from(`${length.toString(16)}\r\n`), all.subarray(at, at + length), Buffer.from('\r\n'));
    at += length;
  }
  return Buffer.concat([...pieces, Buffer.from(`0\r\n${trailer}\r\n`)]);
}

/** A body that was read, and where the bytes behind it begin. */
export interface Framed {
  readonly body: Buffer;
  readonly trailers: string;
  readonly end: number;
}

/** The chunked body that begins at `b[at]`, whole or undefined. Throws when it is malformed. */
export function readChunked(b: Buffer, at: number): Framed | undefined {
  const pieces: Buffer[] = [];
  for (;;) {
    const line = b.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(b.toString('latin1', at, line), 16);
    if (!(size >= 0)) throw new Error(`chunk size ${JSON.stringify(b.toString('latin1', at, line).slice(0, 80))}`);
    at = line + 2;
    if (size === 0) break;
    if (b.length < at + size + 2) return undefined;
    if (b[at + size] !== 13) throw new Error('no CRLF behind a chunk');
    pieces.push(b.subarray(at, at + size));
    at += size + 2;
  }
  let trailers = '';
  for (;;) {
    const line = b.indexOf('\r\n', at);
    if (line < 0) return undefined;
    if (line === at) return { body: Buffer.concat(pieces), trailers, end: at + 2 };
    trailers += `${b.toString('latin1', at, line)}\n`;
    at = line + 2;
  }
}

/** What a target does with a request, and how often in a hundred. */
const WAYS = {
  plain: 46,
  chunked: 10,
  none: 6,
  'not modified': 4,
  interim: 5,
  'until the end': 3,
  'last one': 3,
  early: 6,
  unavailable: 5,
  later: 5,
  'in pieces': 4,
  reset: 1,
  'cut head': 0.5,
  'cut body': 0.5,
  'end at once': 1,
  silent: 0.1,
  endless: 0.1,
} as const;
type Way = keyof typeof WAYS;

export interface Unruly {
  readonly port: number;
  readonly server: Server;
  readonly sockets: Set<Socket>;
  requests: number;
  readonly early: number;
  close(): void;
}

/** Starts one. What comes in a way it should not stands in `wrong`; early answers come `early` times as often as usual. */
export async function startUnruly(seed: number, wrong: string[], early = 1): Promise<Unruly> {
  const random = seededRandom(seed);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    new Reader(socket, random, wrong, unruly).begin();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const unruly: Unruly = {
    port: (server.address() as { port: number }).port,
    server,
    sockets,
    requests: 0,
    early,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return unruly;
}

function chosen(random: Random, early: number): Way {
  const ways = Object.entries({ ...WAYS, early: WAYS.early * early });
  let at = random.float() * ways.reduce((sum, [, share]) => sum + share, 0);
  for (const [way, share] of ways) if ((at -= share) < 0) return way as Way;
  return 'plain';
}

/** One connection: requests are answered in their order, each when the one before is. */
class Reader {
  private bytes: Buffer = Buffer.alloc(0);
  private isBusy = false;
  private isOver = false;
  private readonly socket: Socket;
  private readonly random: Random;
  private readonly wrong: string[];
  private readonly unruly: Unruly;

  constructor(socket: Socket, random: Random, wrong: string[], unruly: Unruly) {
    this.socket = socket;
    this.random = random;
    this.wrong = wrong;
    this.unruly = unruly;
  }

  begin(): void {
    const { socket } = this;
    let change: () => void = () => {};
    socket.on('data', (piece: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, piece]);
      change();
      void this.serve(() => new Promise<void>((resolve) => (change = resolve)));
    });
    socket.on('close', () => ((this.isOver = true), change()));
    socket.on('end', () => ((this.isOver = true), change()));
  }

  private async serve(more: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      while (!this.isOver && this.bytes.includes('\r\n\r\n')) await this.one(more);
    } catch (error) {
      this.wrong.push(`request: ${(error as Error).message}`);
      this.socket.destroy();
    }
    this.isBusy = false;
  }

  private async one(more: () => Promise<void>): Promise<void> {
    const { random } = this;
    const headEnd = this.bytes.indexOf('\r\n\r\n') + 4;
    const head = this.bytes.toString('latin1', 0, headEnd);
    const match = /^([A-Z]+) (\/(\d+)\?in=(\d+)&out=(\d+)) HTTP\/1\.1\r\n/.exec(head);
    if (!match) throw new Error(`head ${JSON.stringify(head.slice(0, 200))}`);
    const [, method, , idText, inText, outText] = match;
    const [id, size, out] = [Number(idText), Number(inText), Number(outText)];
    this.unruly.requests++;
    const way = chosen(random, this.unruly.early);
    const isChunked = /\r\ntransfer-encoding: chunked\r\n/i.test(head);
    const answer = this.answer(way, { id, out, isHead: method === 'HEAD' });
    if (way === 'early') this.socket.write(answer);
    if (way === 'reset' && random.float() < 0.5) return this.end('reset');
    let framed: Framed | undefined;
    for (;;) {
      framed = this.bodyOf(headEnd, isChunked, size);
      if (framed) break;
      if (this.isOver) return;
      await more();
    }
    this.bytes = this.bytes.subarray(framed.end);
    if (!framed.body.equals(content(id, size))) this.wrong.push(`body of ${id}: ${framed.body.length} of ${size}`);
    if (framed.trailers !== '' && framed.trailers.toLowerCase() !== `x-check: ${id}\n`)
      this.wrong.push(`trailers of ${id}: ${framed.trailers}`);
    if (way !== 'early') await this.give(way, answer);
  }

  private bodyOf(at: number, isChunked: boolean, size: number): Framed | undefined {
    if (isChunked) return readChunked(this.bytes, at);
    const end = at + size;
    return this.bytes.length < end ? undefined : { body: this.bytes.subarray(at, end), trailers: '', end };
  }

  /** The answer's bytes; it says for whom it is. */
  private answer(way: Way, { id, out, isHead }: { id: number; out: number; isHead: boolean }): Buffer {
    const { random } = this;
    const head = (status: string, fields = ''): string => `HTTP/1.1 ${status}\r\nx-for: ${id}\r\n${fields}`;
    const body = isHead ? Buffer.alloc(0) : content(id + 1, out);
    const length = `content-length: ${out}\r\n\r\n`;
    const of = (text: string, more: Buffer = body): Buffer => Buffer.concat([Buffer.from(text, 'latin1'), more]);
    if (way === 'none') return of(`${head('204 No Content')}\r\n`, Buffer.alloc(0));
    if (way === 'not modified')
      return of(`${head('304 Not Modified', random.float() < 0.5 ? 'content-length: 77\r\n' : '')}\r\n`, Buffer.alloc(0));
    if (way === 'interim') return of(`HTTP/1.1 103 Early Hints\r\nlink: <${id}>\r\n\r\n${head('200 OK', length)}`);
    if (way === 'until the end') return of(`${head('200 OK')}\r\n`);
    if (way === 'last one') return of(head('200 OK', `connection: close\r\n${length}`));
    if (way === 'unavailable') return of(head('503 Service Unavailable', length));
    if (way !== 'chunked' && way !== 'endless') return of(head('200 OK', length));
    const trailer = random.float() < 0.5 ? `x-end: ${id}\r\n` : '';
    return of(`${head('200 OK')}transfer-encoding: chunked\r\n\r\n`, isHead ? body : chunksOf(id + 1, out, random, trailer));
  }

  private async give(way: Way, answer: Buffer): Promise<void> {
    const { socket, random } = this;
    switch (way) {
      case 'reset':
      case 'end at once':
        return this.end(way === 'reset' ? 'reset' : 'end');
      case 'cut head':
      case 'cut body': {
        const headEnd = answer.indexOf('\r\n\r\n') + 4;
        const at = way === 'cut head' ? random.integer(headEnd) : headEnd + random.integer(answer.length - headEnd + 1);
        if (at < answer.length) socket.write(answer.subarray(0, at));
        else socket.write(answer);
        return this.end(random.float() < 0.5 ? 'reset' : 'end');
      }
      case 'silent':
        this.isOver = true;
        return;
      case 'endless':
        return this.never(answer);
      case 'until the end':
      case 'last one':
        socket.end(answer);
        this.isOver = true;
        return;
      case 'later':
        await turns(1 + random.integer(60));
        socket.write(answer);
        return;
      case 'in pieces':
        for (let at = 0; at < answer.length; ) {
          const to = at + 1 + random.integer(random.float() < 0.5 ? 20 : 5000);
          socket.write(answer.subarray(at, to));
          at = to;
          await turns(1);
          if (this.isOver) return;
        }
        return;
      default:
        socket.write(answer);
    }
  }

  /** A part of an answer, and nothing behind it. */
  private never(answer: Buffer): void {
    this.isOver = true;
    this.socket.write(answer.subarray(0, answer.length >> 1));
  }

  private end(how: 'reset' | 'end'): void {
    this.isOver = true;
    if (how === 'end') this.socket.end();
    else this.socket.resetAndDestroy();
  }
}
