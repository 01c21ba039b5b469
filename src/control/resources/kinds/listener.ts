/** Where the gateway takes requests, besides the listener of the process configuration. */
import { hash } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import { createSecureContext } from 'node:tls';
import { mistake, type ProblemPointer } from '../../../base/problem.ts';
import { help, refOfInstallation, strictObject, T } from '../../../base/schema.ts';
import { type Text, tell, verbatim } from '../../../base/text.ts';
import { chainFaults, keyFault, readChain } from '../../../sdk/certificate.ts';
import { type CompiledCertificate, type CompiledTls, DEFAULT_LISTENER } from '../../../sdk/listener.ts';
import { isNetwork } from '../../../sdk/networks.ts';
import { type LimitSettings, listenerLimits, partialLimits, proxyFields, type ProxySettings } from '../../../sdk/specs/listener.ts';
import { type CompileScope, defineResource } from '../define.ts';
import { type CertificateSpec, isHidden } from './certificate.ts';

interface TlsSpec {
  certificates: string[];
  unknownName: 'default' | 'refuse';
  minVersion: '1.2' | '1.3';
  ciphers?: string;
  clientCertificates: 'off' | 'optional' | 'required';
  clientAuthorities?: string;
  tellClientCertificate: boolean;
}

interface ListenerSpec extends ProxySettings {
  addresses: string[];
  port: number;
  tls?: TlsSpec;
  limits: Partial<LimitSettings>;
}

const choice = <V extends string>(values: readonly V[], standard: V, words: ReturnType<typeof help>) =>
  T.Unsafe<V>({ type: 'string', enum: [...values], default: standard, ...words });

const tls = strictObject(
  {
    certificates: T.Array(refOfInstallation('Certificate', [], help('A Certificate.', '证书资源。', '证书')), {
      minItems: 1,
      maxItems: 256,
      ...help('Certificates by the host names in them; the first one is the default.', '按证书中的主机名选择；第一个为默认证书。', '证书'),
    }),
    unknownName: choice(
      ['default', 'refuse'],
      'default',
      help('What a client gets that asks for a name no certificate has.', '客户端请求的名称没有对应证书时的处理方式。', '未知名称'),
    ),
    minVersion: choice(['1.2', '1.3'], '1.2', help('Oldest version of TLS.', '允许的最低 TLS 版本。', '最低版本')),
    ciphers: T.Optional(
      T.String({
        minLength: 1,
        maxLength: 2000,
        'x-advanced': true,
        ...help(
          'Cipher suites in OpenSSL’s form; the default takes only forward secrecy with authenticated encryption.',
          'OpenSSL 格式的密码套件；默认仅使用具备前向保密的认证加密套件。',
          '密码套件',
        ),
      }),
    ),
    clientCertificates: choice(
      ['off', 'optional', 'required'],
      'off',
      help(
        'Whether clients show a certificate; one that is shown must verify.',
        '客户端是否出示证书；出示的证书必须通过验证。',
        '客户端证书',
      ),
    ),
    clientAuthorities: T.Optional(
      T.String({
        minLength: 1,
        maxLength: 262_144,
        ...help('PEM text of the authorities that sign client certificates.', '签发客户端证书的机构，PEM 文本。', '客户端证书机构'),
      }),
    ),
    tellClientCertificate: T.Boolean({
      default: false,
      ...help(
        'Adds x-forwarded-client-cert (fingerprint and subject) to requests; what callers send in it is dropped.',
        '在请求中添加 x-forwarded-client-cert（指纹与主体）；调用方自带的同名字段会被丢弃。',
        '传递客户端证书',
      ),
    }),
  },
  help('TLS; plain HTTP when left out.', 'TLS；省略时为明文 HTTP。', 'TLS'),
);

export default defineResource<ListenerSpec>({
  kind: 'Listener',
  plural: 'listeners',
  title: { en: 'Listener', zh: '监听器' },
  summary: {
    en: 'Addresses and a port where the gateway takes requests, with TLS, limits and trusted proxies of its own.',
    zh: '网关接收请求的地址与端口，可单独设置 TLS、限制和可信代理。',
  },
  installationWide: true,
  spec: () =>
    strictObject({
      addresses: T.Array(T.String({ minLength: 2, maxLength: 45 }), {
        minItems: 1,
        maxItems: 16,
        default: ['0.0.0.0'],
        ...help('IP addresses to listen on; `::` and `0.0.0.0` mean all.', '监听的 IP 地址；`::` 与 `0.0.0.0` 表示全部。', '地址'),
        examples: [['0.0.0.0', '::']],
      }),
      port: T.Integer({
        examples: [8443],
        minimum: 1,
        maximum: 65_535,
        ...help('TCP port of all addresses.', '各地址共用的 TCP 端口。', '端口'),
      }),
      tls: T.Optional(tls),
      ...proxyFields,
      limits: listenerLimits,
    }),
  check: ({ key, spec }, tools) => [
    ...(key.name === DEFAULT_LISTENER ? [mistake('/metadata/name', BUILT_IN)] : []),
    ...spec.addresses.flatMap((address, i) =>
      isIP(address) > 0 && !address.includes('%') ? [] : [mistake(`/spec/addresses/${i}`, NO_ADDRESS)],
    ),
    ...repeated(spec.addresses),
    ...spec.trustedProxies.flatMap((network, i) => (isNetwork(network) ? [] : [mistake(`/spec/trustedProxies/${i}`, NO_NETWORK)])),
    ...(spec.proxyProtocol === 'required' && spec.trustedProxies.length === 0 ? [mistake('/spec/proxyProtocol', NOBODY_TRUSTED)] : []),
    ...(spec.tls ? checkTls(spec.tls, tools.now) : []),
  ],
  compile: ({ key, enabled, spec }, scope) => {
    if (!enabled) return { entries: [] };
    const compiled = spec.tls ? compileTls(spec.tls, scope) : undefined;
    if (compiled && 'failure' in compiled) return { entries: [], failure: compiled.failure };
    const { addresses, port, trustedProxies, proxyProtocol, forwarded, via, http2 } = spec;
    const value = {
      project: key.project,
      name: key.name,
      addresses: addresses.map(canonical),
      port,
      tls: compiled,
      limits: partialLimits(spec.limits),
      proxyProtocol,
      trustedProxies,
      forwarded,
      via,
      http2,
    };
    return { entries: [{ type: 'listener', value }] };
  },
  examples: [
    {
      title: { en: 'Plain HTTP behind a load balancer that speaks the PROXY protocol', zh: '负载均衡器（PROXY 协议）后的明文 HTTP' },
      text: `apiVersion: weir/v1
kind: Listener
metadata: { name: behind-balancer }
spec:
  addresses: ["0.0.0.0", "::"]
  port: 8443
  proxyProtocol: required
  trustedProxies: [10.0.0.0/8, "2001:db8::/32"]
  limits: { keepAlive: 2m, connectionsPerAddress: 200 }
`,
    },
  ],
});

const BUILT_IN: Text = {
  en: '"default" is the listener of the process configuration: choose another name',
  zh: '“default”是进程配置中的监听器：请换用其他名称',
};
const NO_ADDRESS: Text = {
  en: 'must be an IP address such as 0.0.0.0, 192.0.2.10 or ::',
  zh: '必须是 IP 地址，例如 0.0.0.0、192.0.2.10 或 ::',
};
const TWICE: Text = { en: 'stands twice', zh: '重复出现' };
const NO_NETWORK: Text = { en: 'must be an IP address or a network such as 10.0.0.0/8', zh: '必须是 IP 地址或网段，例如 10.0.0.0/8' };
const NOBODY_TRUSTED: Text = {
  en: 'needs "trustedProxies": nobody could connect, since the header is taken from trusted proxies only',
  zh: '需要设置“trustedProxies”：该协议头仅接受可信代理，否则无人能连接',
};
const NEEDS_AUTHORITIES: Text = { en: 'needs "clientAuthorities" to verify against', zh: '需要“clientAuthorities”用于验证' };
const NO_CIPHERS: Text = { en: 'is no list of ciphers OpenSSL takes: {reason}', zh: '不是 OpenSSL 接受的密码套件列表：{reason}' };
const MISSING: Text = { en: 'its Certificate "{name}" is missing', zh: '其证书“{name}”不存在' };
const DISABLED: Text = { en: 'its Certificate "{name}" is disabled', zh: '其证书“{name}”已停用' };
const BROKEN: Text = { en: 'its Certificate "{name}" cannot be used: {fault}', zh: '其证书“{name}”无法使用：{fault}' };

/** One text for one address, however it was written: who has it already is told by its text. IPv4 inside IPv6 stays apart. */
function canonical(address: string): string {
  return isIPv6(address) && !address.includes('%') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

function repeated(written: readonly string[]): ProblemPointer[] {
  const addresses = written.map(canonical);
  return addresses.flatMap((address, i) => (addresses.indexOf(address) < i ? [mistake(`/spec/addresses/${i}`, TWICE)] : []));
}

function checkTls({ clientCertificates, clientAuthorities, ciphers }: TlsSpec, now: number | undefined): ProblemPointer[] {
  const errors: ProblemPointer[] = [];
  if (clientCertificates !== 'off' && clientAuthorities === undefined)
    errors.push(mistake('/spec/tls/clientCertificates', NEEDS_AUTHORITIES));
  if (clientAuthorities !== undefined) {
    // Authorities stand side by side, so each is looked at by itself.
    const each = clientAuthorities.split(/(?<=-----END CERTIFICATE-----)/).filter((pem) => pem.trim() !== '');
    errors.push(...each.flatMap((pem) => chainFaults(pem, now)).map((detail) => mistake('/spec/tls/clientAuthorities', detail)));
  }
  try {
    if (ciphers !== undefined) createSecureContext({ ciphers });
  } catch (error) {
    errors.push(mistake('/spec/tls/ciphers', NO_CIPHERS, { reason: verbatim((error as NodeJS.ErrnoException).code ?? '-') }));
  }
  return errors;
}

function compileTls(spec: TlsSpec, scope: CompileScope): CompiledTls | { readonly failure: Text } {
  const certificates: CompiledCertificate[] = [];
  for (const name of spec.certificates) {
    const found = scope.get('Certificate', name);
    if (!found?.enabled) return { failure: tell(found ? DISABLED : MISSING, { name }) };
    const { chain, key } = found.spec as unknown as CertificateSpec;
    const { fault, hosts } = lookAt(chain, key);
    if (fault) return { failure: tell(BROKEN, { name, fault }) };
    certificates.push({ name, chain, key, hosts });
  }
  return {
    certificates,
    unknownName: spec.unknownName,
    minVersion: `TLSv${spec.minVersion}`,
    ciphers: spec.ciphers,
    clientCertificates: spec.clientCertificates,
    clientAuthorities: spec.clientAuthorities,
    tellClientCertificate: spec.tellClientCertificate,
  };
}

interface Looked {
  readonly fault: Text | undefined;
  readonly hosts: readonly string[];
}

/** What was seen of certificates: hundreds of listeners may show the same ones, and a look takes up to 2 ms. */
const looked = new Map<string, Looked>();
const LOOKED_MAX = 1024;

function lookAt(chain: string, key: string): Looked {
  const id = `${hash('sha256', key)} ${hash('sha256', chain)}`;
  const known = looked.get(id);
  if (known) return known;
  const fault = isHidden(key) ? undefined : (chainFaults(chain, undefined)[0] ?? keyFault(key, chain));
  const seen = Object.freeze({ fault, hosts: fault ? [] : readChain(chain).hosts });
  if (looked.size >= LOOKED_MAX) looked.clear();
  looked.set(id, seen);
  return seen;
}
