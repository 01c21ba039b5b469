/**
 * One call of a console user through the gateway's own listener, as a consumer would make it.
 *
 *   request ─▶ route of this project? ─▶ key lent ─▶ every gateway thread knows it ─▶ HTTP to our own port ─▶ answer ─▶ key taken back
 *
 * Nothing is left out: the same socket, auth, limits and policies, and the call stands in the call records. No other
 * host is ever asked: the address is that of our own listener, and only the path and the Host field are the user's.
 */
import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Clock } from '../../base/clock.ts';
import type { NewId } from '../../base/id.ts';
import { readValue } from '../../base/schema-read.ts';
import type { Registry } from '../../sdk/registry.ts';
import type { CompiledRoute } from '../../sdk/revision.ts';
import { explainMatch } from '../../sdk/route-explain.ts';
import type { FleetStatus, KeyLender, TryCallAnswer, TryCallRequest, TryCalls } from '../api/parts.ts';
import type { Audit } from '../access/audit.ts';
import type { Actor } from '../resources/types.ts';
import problems from './problems.ts';

/** Bytes of an answer's body that are shown; the rest is not read. */
const BODY_BYTES_MAX = 256 * 1024;
/** Calls of this kind at the same time. */
const AT_ONCE_MAX = 8;
const ANSWER_HEADERS_MAX = 100;
/** Characters of the path in the audit line; the call record has it whole. */
const AUDITED_PATH_MAX = 300;
const KEY_KNOWN_MS = 5000;
const ASK_EVERY_MS = 10;
const KEY_AUTH = 'api-key';

export interface TryCallNeeds {
  /** Where the gateway listens; undefined when this installation has none at a known port. */
  readonly listener: { readonly host: string; readonly port: number } | undefined;
  readonly routes: () => readonly CompiledRoute[];
  readonly fleet: () => FleetStatus;
  readonly keys: KeyLender;
  readonly registry: Registry;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly newId: NewId;
}

/** Opens the room. Raises `no-gateway`, `not-served`, `busy`, `key-not-known`, `no-answer`, and what lending a key raises. */
export function createTryCalls(needs: TryCallNeeds): TryCalls {
  let going = 0;
  return {
    async call(request, actor, signal) {
      if (going >= AT_ONCE_MAX) throw problems.raise.busy({ values: { limit: AT_ONCE_MAX }, retryAfterMs: 1000 });
      going += 1;
      try {
        return await callOnce(needs, request, actor, signal);
      } finally {
        going -= 1;
      }
    },
  };
}

async function callOnce(needs: TryCallNeeds, request: TryCallRequest, actor: Actor, signal: AbortSignal): Promise<TryCallAnswer> {
  const { listener, clock, newId, audit } = needs;
  if (!listener || !needs.fleet().nodes.some((node) => node.role === 'gateway')) throw problems.raise['no-gateway']();
  const route = servingRoute(needs, request);
  const field = keyField(needs.registry, route);
  const requestId = newId();
  const { project, method, consumer } = request;
  const asks = { host: request.host ?? `localhost:${listener.port}`, 'x-request-id': requestId };
  const about = {
    action: 'call.try',
    subject: `${project}/${route.name}`,
    detail: `${method} ${pathOf(request.path).slice(0, AUDITED_PATH_MAX)} (${requestId})${consumer === null ? '' : ` as ${consumer}`}`,
  };
  const send = (fields: Readonly<Record<string, string>>) =>
    exchange({ ...listener, fields: { ...asks, ...fields }, request, clock, signal });
  await audit({ actor, ...about });
  const used = field === undefined ? null : consumer;
  const answer =
    used === null
      ? await send({})
      : await needs.keys.lend({ project, consumer: used }, async (secret) => {
          await untilKnown(needs, signal);
          return send({ [field!]: secret });
        });
  return { ...answer, requestId, consumer: used, route: `${project}/${route.name}` };
}

/** The route of this project that takes the request. Raises `not-served`, with the reason. */
function servingRoute({ routes }: TryCallNeeds, { project, method, host, path }: TryCallRequest): CompiledRoute {
  const all = routes();
  const found = explainMatch(all, { method, host: host ?? 'localhost', path: pathOf(path) }, (owner) => owner === project);
  const route = all.find((one) => `${one.project}/${one.name}` === found.route);
  if (route) return route;
  throw problems.raise['not-served']({ values: { project, method, path: pathOf(path).slice(0, 200), reason: found.summary } });
}

/** Header field in which the route takes a key; undefined when it takes none. */
function keyField(registry: Registry, route: CompiledRoute): string | undefined {
  const used = route.auth.find(({ type }) => type === KEY_AUTH);
  const component = registry.auth.get(KEY_AUTH);
  if (!used || !component) return undefined;
  const { value } = readValue(component.config, used.config);
  return (value as { header: string }).header;
}

/** Waits until every thread of every gateway serves the revision that holds the key. */
async function untilKnown({ fleet, clock }: TryCallNeeds, signal: AbortSignal): Promise<void> {
  const wanted = fleet().revision;
  const end = clock.monotonic() + KEY_KNOWN_MS;
  for (;;) {
    const threads = fleet()
      .nodes.filter((node) => node.role === 'gateway')
      .flatMap((node) => node.threads);
    if (threads.length > 0 && threads.every((thread) => thread.revision >= wanted)) return;
    if (clock.monotonic() > end) throw problems.raise['key-not-known']({ values: { seconds: KEY_KNOWN_MS / 1000 } });
    await clock.sleep(ASK_EVERY_MS, signal);
  }
}

interface Sending {
  readonly host: string;
  readonly port: number;
  /** Fields of ours; the user's cannot replace them. */
  readonly fields: Readonly<Record<string, string>>;
  readonly request: TryCallRequest;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

type Answered = Omit<TryCallAnswer, 'requestId' | 'consumer' | 'route'>;

function exchange({ host, port, fields, request, clock, signal }: Sending): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const started = clock.monotonic();
  const body = Buffer.from(request.body, 'utf8');
  const theirs = request.headers.filter(({ name }) => !Object.hasOwn(fields, name.toLowerCase()));
  const headers = [
    ...Object.entries(fields).flat(),
    ...theirs.flatMap(({ name, value }) => [name, value]),
    ...(body.length > 0 || BODY_METHODS.has(request.method) ? ['content-length', String(body.length)] : []),
  ];
  const failed = (error: Error) => {
    stopClock();
    reject(signal.aborted ? signal.reason : problems.raise['no-answer']({ cause: error }));
  };
  const outgoing = httpRequest({ host, port, method: request.method, path: request.path, headers, agent: false, signal, setHost: false });
  const stopClock = clock.after(request.timeoutMs, () => outgoing.destroy(new Error(`no answer within ${request.timeoutMs} ms`)));
  outgoing.on('error', failed);
  outgoing.on('response', (incoming) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = () => {
      stopClock();
      resolve(answerOf(incoming, Buffer.concat(chunks), bytes, clock.monotonic() - started));
    };
    incoming.on('error', failed);
    incoming.on('end', finish);
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(bytes > BODY_BYTES_MAX ? chunk.subarray(0, chunk.length - (bytes - BODY_BYTES_MAX)) : chunk);
      if (bytes <= BODY_BYTES_MAX) return;
      finish();
      incoming.destroy();
    });
  });
  outgoing.end(body.length > 0 ? body : undefined);
  return promise;
}

const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH']);

function answerOf(incoming: IncomingMessage, body: Buffer, bytes: number, ms: number): Answered {
  const { rawHeaders } = incoming;
  const count = Math.min(rawHeaders.length / 2, ANSWER_HEADERS_MAX);
  const text = textOf(body, bytes > BODY_BYTES_MAX);
  return {
    status: incoming.statusCode ?? 0,
    headers: Array.from({ length: count }, (_, i) => ({ name: rawHeaders[2 * i]!.toLowerCase(), value: rawHeaders[2 * i + 1]! })),
    body: text ?? body.toString('base64'),
    encoding: text === undefined ? 'base64' : 'utf8',
    truncated: bytes > BODY_BYTES_MAX,
    ms,
  };
}

/** The body as UTF-8; undefined when it is none. A cut may fall within a character. */
function textOf(body: Buffer, cut: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body, { stream: cut });
  } catch {
    return undefined;
  }
}

function pathOf(path: string): string {
  return path.split('?', 1)[0]!;
}
