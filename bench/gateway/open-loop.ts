/**
 * A client that sends at a constant rate whatever comes back: a request due while every connection is busy waits, and
 * its wait counts (no coordinated omission). Requests due within a tick of a millisecond go out together.
 * Run: node bench/gateway/open-loop.ts <port> <requests per second> <seconds> <key>      Prints one line of JSON.
 */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

const [port, rate, seconds, key] = process.argv.slice(2);
const CONNECTIONS = 64;
const WARM_SHARE = 0.2;
const total = Math.round(Number(rate) * Number(seconds));
const request = Buffer.from(
  `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\naccept-encoding: gzip, br\r\nuser-agent: bench/1.0\r\nx-api-key: ${key}\r\n\r\n`,
);

interface Line {
  readonly socket: Socket;
  due: number;
  got: number;
}

const idle: Line[] = [];
const waiting: number[] = [];
const took: number[] = [];
let waitingFrom = 0;
let sent = 0;
let answerBytes = 0;
const over = Promise.withResolvers<void>();

function send(line: Line, due: number): void {
  line.due = due;
  line.got = 0;
  line.socket.write(request);
}

function onData(line: Line, chunk: Buffer): void {
  line.got += chunk.length;
  if (answerBytes === 0) answerBytes = lengthOf(chunk);
  if (line.got < answerBytes) return;
  took.push(performance.now() - line.due);
  if (waitingFrom < waiting.length) send(line, waiting[waitingFrom++]!);
  else idle.push(line);
  if (took.length === total) over.resolve();
}

/** All answers are alike: the first one, which comes whole, says how long they are. */
function lengthOf(chunk: Buffer): number {
  const text = chunk.toString('latin1');
  const end = text.indexOf('\r\n\r\n') + 4;
  if (!text.startsWith('HTTP/1.1 200')) throw new Error(text.slice(0, 200));
  return end + Number(/content-length: (\d+)/i.exec(text)![1]);
}

for (let i = 0; i < CONNECTIONS; i++) {
  const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
  await once(socket, 'connect');
  const line: Line = { socket, due: 0, got: 0 };
  socket.on('data', (chunk: Buffer) => onData(line, chunk));
  idle.push(line);
}

const begun = performance.now();
const perMs = Number(rate) / 1000;
const timer = setInterval(() => {
  const dueNow = Math.min(total, Math.floor((performance.now() - begun) * perMs));
  for (; sent < dueNow; sent++) {
    const due = begun + sent / perMs;
    const line = idle.pop();
    if (line) send(line, due);
    else waiting.push(due);
  }
  if (sent === total) clearInterval(timer);
}, 1);
await over.promise;
const counted = took.slice(Math.floor(total * WARM_SHARE)).sort((a, b) => a - b);
const at = (share: number): number => Math.round(counted[Math.min(counted.length - 1, Math.floor(counted.length * share))]! * 1000) / 1000;
console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), late: waiting.length }));
process.exit(0);
