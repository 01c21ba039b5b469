/**
 * An exchange in memory, as policies and auth methods see it: for suites and tests. Header rules are those of
 * HTTP (names without case, repeated fields joined, forbidden bytes refused), so what passes here passes there.
 */
import type { ConsumerIdentity, Exchange, HeaderFields } from '../exchange.ts';
import type { ClientCertificate } from '../listener.ts';

export type MemoryHeaders = HeaderFields & { readonly all: () => [string, string][]; readonly changes: () => number };

export interface MemoryExchange extends Exchange {
  readonly request: MemoryHeaders;
  readonly response: MemoryHeaders;
  params: Readonly<Record<string, string>>;
  route: { readonly name: string; readonly project: string; readonly release: string };
  status: number;
  state: unknown;
  readonly startedAt: number;
  readonly traceparent: string;
  readonly hasCallersId: boolean;
  writeId(out: { text(text: string): void }): void;
  writeTraceId(out: { text(text: string): void }): void;
  /** Header fields changed so far. */
  readonly changes: number;
  /** Ends the exchange as a client that goes away does. */
  abort(): void;
}

export interface MemoryExchangeOptions {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly host?: string;
  readonly clientAddress?: string;
  readonly clientCertificate?: ClientCertificate;
  readonly listener?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly consumer?: ConsumerIdentity;
}

/** Makes an exchange whose request head is complete and whose answer has not begun. */
export function memoryExchange(options: MemoryExchangeOptions = {}): MemoryExchange {
  const notes = new Map<object, unknown>();
  const [request, response] = [memoryHeaders(options.headers), memoryHeaders()];
  const controller = new AbortController();
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const callersId = request.get('x-request-id');
  const id = callersId ?? '01890000-0000-7000-8000-000000000000';
  return {
    id,
    hasCallersId: callersId !== undefined,
    writeId: (out) => out.text(id),
    writeTraceId: (out) => out.text(traceId),
    method: options.method ?? 'GET',
    path: options.path ?? '/',
    query: options.query ?? '',
    host: options.host ?? 'api.example.test',
    clientAddress: options.clientAddress ?? '192.0.2.1',
    clientCertificate: options.clientCertificate,
    listener: options.listener ?? 'default',
    params: {},
    route: { name: 'orders', project: 'default', release: 'r1' },
    traceId,
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    startedAt: 0,
    consumer: options.consumer,
    request,
    response,
    get changes() {
      return request.changes() + response.changes();
    },
    status: 0,
    state: undefined,
    signal: controller.signal,
    note: (owner) => notes.get(owner),
    setNote: (owner, value) => void notes.set(owner, value),
    abort: () => controller.abort(new Error('client closed')),
  };
}

/** Header fields in a list, in the order they came. */
export function memoryHeaders(initial: Readonly<Record<string, string>> = {}): MemoryHeaders {
  let fields: [string, string][] = [];
  let changes = 0;
  const same = (name: string) => (field: [string, string]) => field[0] === name.toLowerCase();
  const add = (name: string, value: string): void => {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw new TypeError(`not a header field name: ${name}`);
    // oxlint-disable-next-line no-control-regex
    if (/[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/.test(value)) throw new TypeError('not a header field value');
    fields.push([name.toLowerCase(), value]);
    changes++;
  };
  for (const [name, value] of Object.entries(initial)) add(name, value);
  changes = 0;
  return {
    changes: () => changes,
    all: () => fields.map(([name, value]) => [name, value]),
    get(name) {
      const found = fields.filter(same(name));
      return found.length === 0 ? undefined : found.map(([, value]) => value).join(', ');
    },
    set(name, value) {
      const before = fields;
      fields = fields.filter((field) => !same(name)(field));
      try {
        add(name, value);
      } catch (error) {
        fields = before;
        throw error;
      }
    },
    add,
    remove(name) {
      const before = fields.length;
      fields = fields.filter((field) => !same(name)(field));
      changes += before - fields.length;
    },
  };
}
