/** How llhttp, the parser inside node:http, reads a message: as a server and as a client. */
import http from 'node:http';
import { Duplex } from 'node:stream';
import { LIMITS } from './ours.ts';

/** A socket for node:http whose bytes are given at once. */
class Pipe extends Duplex {
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
}

/** A message; `trailers` as in `Reading`. */
export interface SeenMessage {
  start: string;
  fields: number;
  body: number;
  trailers: string;
  complete: boolean;
}

/** Requests in order. */
export interface Seen {
  readonly requests: SeenMessage[];
}

/** What llhttp makes of `bytes` as a server. Answers are given at once, so that pipelined requests follow. */
export function llhttpRequests(server: http.Server, bytes: Buffer): Promise<Seen> {
  const seen: Seen = { requests: [] };
  const pipe = new Pipe();
  Object.assign(pipe, { seen });
  return new Promise((resolve) => {
    server.emit('connection', pipe);
    pipe.on('close', () => resolve(seen));
    pipe.on('error', () => {});
    pipe.push(bytes);
    settle(() => {
      pipe.push(null);
      settle(() => pipe.destroy());
    });
  });
}

/** After what is under way in this turn and the next ones of the loop. */
function settle(then: () => void): void {
  setImmediate(() => setImmediate(then));
}

/** A server whose requests `llhttpRequests` collects; close it afterwards. */
export function makeServer(): http.Server {
  const server = http.createServer({
    insecureHTTPParser: false,
    maxHeaderSize: LIMITS.headBytesMax,
    keepAliveTimeout: 0,
    requestTimeout: 0,
    headersTimeout: 0,
    requireHostHeader: true,
  });
  const note = (request: http.IncomingMessage, response: http.ServerResponse) => {
    const { seen } = (request.socket ?? {}) as unknown as { seen?: Seen };
    if (!seen) return;
    const entry = messageOf(request, `${request.method} ${request.url}`);
    seen.requests.push(entry);
    request.on('end', () => void (entry.complete = true));
    request.on('error', () => {});
    response.on('error', () => {});
    response.end();
  };
  server.on('request', note).on('checkContinue', note).on('checkExpectation', note);
  const takeOver = (request: http.IncomingMessage, socket: Duplex) => {
    const { seen } = socket as unknown as { seen?: Seen };
    seen?.requests.push({ ...messageOf(request, `${request.method} ${request.url}`), complete: true });
    socket.destroy();
  };
  server.on('connect', takeOver); // Without a listener for it an upgrade is an ordinary request, as it is to us.
  server.on('clientError', (_error, socket) => {
    socket.destroy();
  });
  return server;
}

/** Follows a message to its end; whether that is complete is the caller's to say. */
function messageOf(message: http.IncomingMessage, start: string): SeenMessage {
  const entry = { start, fields: message.rawHeaders.length / 2, body: 0, trailers: '', complete: false };
  message.on('data', (chunk: Buffer) => void (entry.body += chunk.length));
  message.on('end', () => (entry.trailers = message.rawTrailers.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text)).join('\n')));
  return entry;
}

/** What llhttp makes of `bytes` as a client; undefined when it refuses. */
export function llhttpResponse(bytes: Buffer): Promise<SeenMessage | undefined> {
  return new Promise((resolve) => {
    const pipe = new Pipe();
    let seen: SeenMessage | undefined;
    let failed = false;
    const request = http.request({
      createConnection: () => pipe as never,
      method: 'GET',
      path: '/',
      host: 'h',
      insecureHTTPParser: false,
      maxHeaderSize: LIMITS.headBytesMax,
    });
    request.on('error', () => void (failed = true));
    request.on('response', (response) => {
      const entry = (seen = messageOf(response, String(response.statusCode)));
      response.on('end', () => void (entry.complete = response.complete));
      response.on('error', () => {});
    });
    request.end();
    settle(() => {
      pipe.push(bytes);
      settle(() => {
        pipe.push(null);
        settle(() => {
          pipe.destroy();
          resolve(failed && !seen ? undefined : seen);
        });
      });
    });
  });
}
