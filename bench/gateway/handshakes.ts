/**
 * A client that asks once per TLS connection: `new` does a whole handshake each time, `again` takes up the session of the
 * connection before, which must succeed. Run: node bench/gateway/handshakes.ts <port> <seconds> <key> <new|again>
 * Prints one line of JSON.
 */
import { connect } from 'node:tls';

const LANES = 8;
const [port, seconds, key, kind] = process.argv.slice(2);
const resume = kind === 'again';
const request = `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: ${key}\r\nconnection: close\r\n\r\n`;
let requests = 0;
let whole = 0;

/** One connection, its answer, its end. Answers the newest session ticket. */
function once(session: Buffer | undefined): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    let newest: Buffer | undefined;
    let text = '';
    const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false, ...(session ? { session } : {}) });
    socket.on('secureConnect', () => {
      if (!socket.isSessionReused()) whole++;
      socket.write(request);
    });
    socket.on('session', (ticket: Buffer) => (newest = ticket));
    socket.setEncoding('latin1').on('data', (part: string) => (text += part));
    socket.on('error', reject);
    socket.on('close', () => (text.startsWith('HTTP/1.1 200') ? resolve(newest) : reject(new Error(text.slice(0, 200)))));
  });
}

async function lane(end: number): Promise<void> {
  let session = resume ? await once(undefined) : undefined;
  while (performance.now() < end) {
    const ticket = await once(session);
    requests++;
    if (resume) session = ticket ?? session;
  }
}

const begun = performance.now();
await Promise.all(Array.from({ length: LANES }, () => lane(begun + Number(seconds) * 1000)));
if (resume && whole > LANES) throw new Error(`${whole} of ${requests} sessions were not taken up again`);
console.log(JSON.stringify({ requests, perSecond: (requests * 1000) / (performance.now() - begun) }));
process.exit(0);
