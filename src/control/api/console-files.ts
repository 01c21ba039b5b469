/**
 * The console's files at `/`: a closed set, read from its built folder once, so that no address can reach another file.
 * In: the folder `npm start` builds, or the package ships. Out: files with their types, hashed ones for ever, the page
 * itself for every address a person may open. Where it is not built, plain pages say so (`pages.ts`).
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
};

/**
 * What the console may load: itself. Styles are written at run time by its component library, so they may stand inline;
 * scripts may not. Source: W3C Content Security Policy Level 3.
 */
const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

interface ConsoleFile {
  readonly type: string;
  readonly etag: string;
  readonly cache: string;
  readonly plain: Buffer;
  zipped?: Promise<Buffer>;
}

/** The console's files by address. */
export interface ConsoleFiles {
  /** Answers the file of an address; false when there is none. */
  send(address: string, request: FastifyRequest, reply: FastifyReply): Promise<boolean>;
}

/** Reads the built console; undefined when `folder` holds none. At most 2,000 files, which a build never reaches. */
export function openConsole(folder: string | undefined): ConsoleFiles | undefined {
  if (folder === undefined || !existsSync(path.join(folder, 'index.html'))) return undefined;
  const files = new Map<string, ConsoleFile>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).slice(0, FILES_MAX)) {
    const type = TYPES[path.extname(name)];
    if (type && !HIDDEN.has(name)) files.set(`/${name.replaceAll(path.sep, '/')}`, read(path.join(folder, name), name, type));
  }
  files.set('/', files.get('/index.html')!);
  return { send: async (address, request, reply) => send(files.get(address), request, reply) };
}

const FILES_MAX = 2000;
const HIDDEN = new Set(['manifest.json']);

function read(file: string, name: string, type: string): ConsoleFile {
  const plain = readFileSync(file);
  const isHashed = name.startsWith('assets');
  return {
    plain,
    type,
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 24)}"`,
    cache: isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}

const compress = promisify(gzip);
/** Shorter ones gain nothing. */
const ZIP_BYTES_MIN = 1024;

async function send(file: ConsoleFile | undefined, request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
  if (!file) return false;
  const { plain, type, etag, cache } = file;
  void reply.headers({ 'cache-control': cache, etag, vary: 'accept-encoding', 'content-type': type });
  void reply.header('content-security-policy', CONSOLE_POLICY);
  if (request.headers['if-none-match'] === etag) {
    await reply.code(304).send();
    return true;
  }
  const zips = plain.length >= ZIP_BYTES_MIN && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (!zips) {
    await reply.send(plain);
    return true;
  }
  file.zipped ??= compress(plain, { level: 9 });
  await reply.header('content-encoding', 'gzip').send(await file.zipped);
  return true;
}

/** Who asks for the head of a page gets what a GET would, without its body. */
export const ALSO_HEAD = Object.freeze({ exposeHeadRoute: true });

/** True when a person opens an address in a browser, and not a program that asks the admin API. */
export function isPageVisit(request: FastifyRequest): boolean {
  const address = request.url;
  return (
    (request.method === 'GET' || request.method === 'HEAD') &&
    !address.startsWith('/api/') &&
    /\btext\/html\b/.test(String(request.headers.accept ?? ''))
  );
}

/** Serves the console below `/`: its files by name, its page for every other address that is not the API's. */
export function consoleRoutes(app: FastifyInstance, files: ConsoleFiles): void {
  app.get('/', ALSO_HEAD, async (request, reply) => {
    await files.send('/', request, reply);
    return reply;
  });
  app.get('/assets/*', ALSO_HEAD, async (request, reply) => {
    if (!(await files.send(request.url.split('?')[0]!, request, reply))) reply.callNotFound();
    return reply;
  });
  for (const name of ['/icon.svg', '/first-paint.js']) {
    app.get(name, ALSO_HEAD, async (request, reply) => {
      if (!(await files.send(name, request, reply))) reply.callNotFound();
      return reply;
    });
  }
}
