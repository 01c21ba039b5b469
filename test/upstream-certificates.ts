/** Certificates for tests of TLS towards upstreams, made by the openssl program: an authority, and leaves it signed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Leaf {
  readonly certificate: string;
  readonly key: string;
}

/** An authority and what it signs; files are gone at once. */
export interface Signer {
  /** PEM of the authority. */
  readonly ca: string;
  /** `names` are `DNS:a.test` or `IP:127.0.0.1`; `days` below 0 makes one that has expired. */
  sign(names: readonly string[], days?: number): Leaf;
}

/** Makes an authority of its own. */
export function makeSigner(name: string): Signer {
  const ca = inFolder((folder, run) => {
    run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', `/CN=${name}`, ...OUT);
    return pairIn(folder);
  });
  return {
    ca: ca.certificate,
    sign: (names, days = 20) =>
      inFolder((folder, run) => {
        writeFileSync(path.join(folder, 'ca.pem'), ca.certificate);
        writeFileSync(path.join(folder, 'ca.key'), ca.key);
        writeFileSync(path.join(folder, 'extensions'), `subjectAltName=${names.join(',')}\n`);
        run(
          'req',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-subj',
          '/CN=leaf',
          '-keyout',
          'key.pem',
          '-out',
          'csr',
        );
        run(
          'x509',
          '-req',
          '-in',
          'csr',
          '-CA',
          'ca.pem',
          '-CAkey',
          'ca.key',
          '-CAcreateserial',
          '-extfile',
          'extensions',
          '-days',
          String(days),
          '-out',
          'cert.pem',
        );
        return pairIn(folder);
      }),
  };
}

const OUT = ['-keyout', 'key.pem', '-out', 'cert.pem'];

function inFolder<V>(make: (folder: string, run: (...args: string[]) => void) => V): V {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-certificates-'));
  const run = (...args: string[]) =>
    void execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 });
  try {
    return make(folder, run);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pairIn(folder: string): Leaf {
  return { certificate: readFileSync(path.join(folder, 'cert.pem'), 'utf8'), key: readFileSync(path.join(folder, 'key.pem'), 'utf8') };
}
