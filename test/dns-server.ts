/** A small DNS server, for tests: answers what it was told, nothing, or with an error; large answers over TCP. Source: RFC 1035 §4. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv4 } from 'node:net';

export type DnsRecord =
  | { readonly type: 'A' | 'AAAA'; readonly ttl: number; readonly address: string }
  | {
      readonly type: 'SRV';
      readonly ttl: number;
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly name: string;
    };

export interface DnsServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** By name; one that is not here does not exist. Changes count at once. */
  readonly records: Map<string, readonly DnsRecord[]>;
  /** Questions so far: `A orders.test`. */
  readonly asked: string[];
  /** `silent` answers nothing, `failing` SERVFAIL. */
  mode: 'answers' | 'silent' | 'failing';
  /** Types and names (`AAAA up.test`) that get SERVFAIL. */
  readonly failing: Set<string>;
  close(): void;
}

const TYPES: Readonly<Record<string, number>> = { A: 1, AAAA: 28, SRV: 33 };

/** Starts a server on a free port. */
export async function startDnsServer(): Promise<DnsServer> {
  const large = createServer((stream) => {
    stream.on('error', () => {});
    let got = Buffer.alloc(0);
    stream.on('data', (piece) => {
      got = Buffer.concat([got, piece as Buffer]);
      while (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) {
        const query = got.subarray(2, 2 + got.readUInt16BE(0));
        got = got.subarray(2 + query.length);
        const said = answer(server, query, readQuestion(query));
        const length = Buffer.alloc(2);
        length.writeUInt16BE(said.length);
        stream.write(Buffer.concat([length, said]));
      }
    });
  });
  large.listen(0, '127.0.0.1');
  await once(large, 'listening');
  const socket: Socket = createSocket('udp4');
  socket.bind((large.address() as { port: number }).port, '127.0.0.1');
  await once(socket, 'listening');
  const server: DnsServer = {
    address: `127.0.0.1:${socket.address().port}`,
    records: new Map(),
    asked: [],
    mode: 'answers',
    failing: new Set(),
    close() {
      socket.close();
      large.close();
    },
  };
  socket.on('message', (query, from) => {
    const question = readQuestion(query);
    server.asked.push(shown(question));
    if (server.mode === 'silent') return;
    const said = answer(server, query, question);
    if (said.length > UDP_MAX) {
      said.writeUInt16BE(said.readUInt16BE(2) | TRUNCATED, 2);
      said.writeUInt16BE(0, 6);
    }
    socket.send(said.length > UDP_MAX ? said.subarray(0, question.end) : said, from.port, from.address);
  });
  return server;
}

const UDP_MAX = 1200;
const TRUNCATED = 0x0200;

interface Question {
  readonly name: string;
  readonly type: number;
  readonly end: number;
}

function shown({ name, type }: Question): string {
  return `${Object.keys(TYPES).find((key) => TYPES[key] === type) ?? type} ${name}`;
}

function readQuestion(query: Buffer): Question {
  const labels: string[] = [];
  let at = 12;
  while (query[at] !== 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
    at += query[at]! + 1;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function answer(server: DnsServer, query: Buffer, question: Question): Buffer {
  const { name, type, end } = question;
  const known = server.records.get(name);
  const code = server.mode === 'failing' || server.failing.has(shown(question)) ? 2 : known ? 0 : 3;
  const records = code === 0 ? known!.filter((record) => TYPES[record.type] === type) : [];
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, query.subarray(12, end), ...records.map(encode)]);
}

/** One record; its name points back to the question. */
function encode(record: DnsRecord): Buffer {
  const data = record.type === 'SRV' ? service(record) : addressBytes(record.address);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(TYPES[record.type]!, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(record.ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function service({ priority, weight, port, name }: Extract<DnsRecord, { type: 'SRV' }>): Buffer {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(priority, 0);
  numbers.writeUInt16BE(weight, 2);
  numbers.writeUInt16BE(port, 4);
  return Buffer.concat([numbers, ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])]);
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [left = '', right] = address.split('::');
  const groups = (text: string | undefined) => (text ? text.split(':').map((group) => Number.parseInt(group, 16)) : []);
  const [head, tail] = [groups(left), groups(right)];
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}
