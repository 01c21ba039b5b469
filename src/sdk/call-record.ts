/** What is kept of each gateway call: who asked what, when, and how it ended. Never the query string, never a body. */
export interface CallRecord {
  /** The request id; when the caller chose it, followed by `~` and a UUID, since it may choose the same again. */
  readonly id: string;
  /** Milliseconds since 1970 at the first byte of the request. */
  readonly time: number;
  readonly project: string;
  readonly consumer: string;
  readonly clientAddress: string;
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly release: string;
  readonly status: number;
  /** Problem code, `client-closed`, or empty for a plain answer. */
  readonly reason: string;
  readonly durationMs: number;
  readonly upstreamMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly traceId: string;
}
