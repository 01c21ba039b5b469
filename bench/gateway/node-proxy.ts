/** The usual way to write a proxy for Node: node:http in front, undici (installed by whoever wants this row) behind. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

interface Pool {
  stream(options: object, factory: (answer: { statusCode: number; headers: Record<string, string> }) => ServerResponse): Promise<void>;
}

const [port, upstream] = process.argv.slice(2);
process.once('SIGTERM', () => process.exit(0));
const undici = (await import(['un', 'dici'].join(''))) as { Pool: new (origin: string, options: object) => Pool };
const pool = new undici.Pool(`http://127.0.0.1:${upstream}`, { connections: 128, pipelining: 1 });

createServer((request: IncomingMessage, response: ServerResponse) => {
  const { connection: _, host: __, 'transfer-encoding': ___, ...headers } = request.headers;
  const hasBody = request.headers['content-length'] !== undefined;
  void pool
    .stream({ path: request.url, method: request.method, headers, body: hasBody ? request : null }, ({ statusCode, headers: fields }) => {
      delete fields['connection'];
      return response.writeHead(statusCode, fields);
    })
    .catch(() => response.destroy());
}).listen(Number(port), '127.0.0.1');
