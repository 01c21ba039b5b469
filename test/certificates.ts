/** Certificates for tests, made by the openssl program: an authority, an intermediate, and leaves for names. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Pair {
  /** Leaf first, then its intermediate. */
  readonly chain: string;
  readonly key: string;
}

export interface Authority {
  /** The root alone. */
  readonly root: string;
  readonly intermediate: string;
  /** A certificate for these names, valid from now for `days` (negative: expired). */
  leaf(names: readonly string[], options?: { readonly days?: number; readonly client?: string; readonly rsa?: boolean }): Pair;
  end(): void;
}

/** Makes an authority in a folder of its own. */
export function makeAuthority(): Authority {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-certificates-'));
  const file = (name: string): string => path.join(folder, name);
  const run = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 });
  const key = (name: string, rsa = false): void =>
    rsa ? run('genrsa', '-out', `${name}.key`, '2048') : run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
  const sign = (name: string, subject: string, by: string, extensions: string, days: number): void => {
    writeFileSync(file(`${name}.ext`), extensions);
    run('req', '-new', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`);
    const self = by === name ? ['-signkey', `${name}.key`] : ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'];
    run('x509', '-req', '-in', `${name}.csr`, ...self, '-days', String(days), '-extfile', `${name}.ext`, '-out', `${name}.pem`);
  };
  key('root');
  sign('root', '/CN=Test Root', 'root', 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n', 30);
  key('middle');
  sign('middle', '/CN=Test Middle', 'root', 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n', 30);
  const read = (name: string): string => readFileSync(file(name), 'utf8');
  let made = 0;
  return {
    root: read('root.pem'),
    intermediate: read('middle.pem'),
    leaf(names, { days = 20, client, rsa = false } = {}) {
      const name = `leaf-${++made}`;
      key(name, rsa);
      const usage = client === undefined ? 'serverAuth' : 'clientAuth';
      const alternatives = names.length === 0 ? '' : `subjectAltName=${names.map((one) => `DNS:${one}`).join(',')}\n`;
      const subject = client ?? `/CN=${names[0] ?? name}`;
      sign(name, subject, 'middle', `basicConstraints=CA:FALSE\nextendedKeyUsage=${usage}\n${alternatives}`, days);
      return { chain: read(`${name}.pem`) + read('middle.pem'), key: read(`${name}.key`) };
    },
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A port nobody has at the moment. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
