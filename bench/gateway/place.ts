/** Where a proxy of the benchmark stands: its folder, its port, the upstream's, its certificate. */

/** Files of a certificate and its key, in PEM. */
export interface TlsFiles {
  readonly chain: string;
  readonly key: string;
  /** Both in one file, as HAProxy wants them. */
  readonly both: string;
}

export interface Place {
  /** For files of the proxy's; removed at the end. */
  readonly folder: string;
  readonly port: number;
  readonly upstream: number;
  /** Clients speak TLS, and HTTP/2 if they like, when given. */
  readonly tls?: TlsFiles | undefined;
}
