/** A certificate chain with its key: what listeners show to clients. */
import { mistake } from '../../../base/problem.ts';
import { duration, help, secret, strictObject, T } from '../../../base/schema.ts';
import { type Text, tell } from '../../../base/text.ts';
import { chainFaults, hostChainFaults, keyFault } from '../../../sdk/certificate.ts';
import { wholeVariable } from '../../documents/variables.ts';
import { defineResource } from '../define.ts';

/** A Certificate as code reads it; other kinds find it by `scope.get('Certificate', name)`. */
export interface CertificateSpec {
  chain: string;
  key: string;
  /** Milliseconds before the end from which people are warned. */
  warnBefore: number;
}

const ITS_KEY: Text = { en: 'its key {fault}', zh: '其私钥{fault}' };

export default defineResource<CertificateSpec>({
  kind: 'Certificate',
  plural: 'certificates',
  title: { en: 'Certificate', zh: '证书' },
  summary: {
    en: 'A certificate chain with its private key, for TLS listeners; replaced without a connection lost.',
    zh: '证书链及其私钥，供 TLS 监听器使用；更换时不中断连接。',
  },
  installationWide: true,
  spec: () =>
    strictObject({
      chain: T.String({
        minLength: 1,
        maxLength: 65_536,
        ...help(
          'PEM text: the certificate of the host first, then each one’s issuer.',
          'PEM 文本：先放主机证书，再依次放签发者证书。',
          '证书链',
        ),
      }),
      key: secret({
        'x-multiline': true,
        ...help('Private key of the first certificate, PEM, not encrypted.', '第一个证书的私钥，PEM 格式，未加密。', '私钥'),
      }),
      warnBefore: duration({
        default: '21d',
        'x-minimum': '1h',
        'x-maximum': '365d',
        ...help('How long before it expires an incident is opened.', '在过期前多久产生事件提醒。', '提前提醒'),
      }),
    }),
  check: ({ spec, written }, tools) => {
    const faults = hostChainFaults(spec.chain, tools.now);
    if (faults.length > 0) return faults.map((detail) => mistake('/spec/chain', detail));
    // What stands in a Secret, or was kept, is looked at when it is put in place: see `compile`.
    const isLiteral = !wholeVariable(String(written['key'] ?? ''));
    const fault = isLiteral ? keyFault(spec.key, spec.chain) : undefined;
    return fault ? [mistake('/spec/key', fault)] : [];
  },
  compile: ({ enabled, spec }) => {
    if (!enabled) return { entries: [] };
    const [fault] = chainFaults(spec.chain, undefined);
    const keyOnly = isHidden(spec.key) ? undefined : keyFault(spec.key, spec.chain);
    const failure = fault ?? (keyOnly && tell(ITS_KEY, { fault: keyOnly }));
    return { entries: [], ...(failure === undefined ? {} : { failure }) };
  },
  examples: [],
});

/** In the form that is hashed secrets are HMACs, which no rule about keys fits. */
export function isHidden(key: string): boolean {
  return key.startsWith('hmac:');
}
