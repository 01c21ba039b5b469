/**
 * X.509 certificates as people hand them over: PEM texts of a chain and its key. Says what is wrong with them in words,
 * and what they are for. Pure but for the time that is passed in. Source: RFC 5280, RFC 6125 §6.4.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type Text, tell, verbatim } from '../base/text.ts';

/** What a chain says of itself. */
export interface CertificateFacts {
  /** Host names of the leaf, lower case; from its alternative names, never from its subject. */
  readonly hosts: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Of the leaf: SHA-256, 64 hex digits. */
  readonly fingerprint: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s]*-----END \1-----/g;
const CHAIN_MAX = 10;

const NO_PEM: Text = {
  en: 'holds no certificate: paste PEM text from "-----BEGIN CERTIFICATE-----" to "-----END CERTIFICATE-----"',
  zh: '不含证书：请粘贴从“-----BEGIN CERTIFICATE-----”到“-----END CERTIFICATE-----”的 PEM 文本',
};
const NOT_HERE: Text = { en: 'holds a {kind}: only certificates belong here', zh: '含有 {kind}：此处只能放证书' };
const TOO_LONG: Text = { en: 'holds more than {max} certificates', zh: '证书多于 {max} 个' };
const UNREADABLE: Text = { en: 'certificate {n} cannot be read: {reason}', zh: '无法读取第 {n} 个证书：{reason}' };
const WRONG_ORDER: Text = {
  en: 'certificate {n} ({subject}) was not issued by the one behind it ({next}): put the host’s own first, then each one’s issuer',
  zh: '第 {n} 个证书（{subject}）不是由其后的证书（{next}）签发的：请先放主机证书，再依次放各自的签发者',
};
const EXPIRED: Text = {
  en: 'certificate {n} ({subject}) expired on {date}: get a new one',
  zh: '第 {n} 个证书（{subject}）已于 {date} 过期：请更换',
};
const EARLY: Text = { en: 'certificate {n} ({subject}) is valid only from {date}', zh: '第 {n} 个证书（{subject}）自 {date} 起才有效' };
const NO_HOSTS: Text = {
  en: 'names no host: clients look only at the alternative names (subjectAltName), which it lacks',
  zh: '未包含主机名：客户端只看使用者可选名称（subjectAltName），而该证书没有',
};
const NO_KEY: Text = {
  en: 'is no private key that can be read: paste the PEM text of an unencrypted key',
  zh: '不是可读取的私钥：请粘贴未加密私钥的 PEM 文本',
};
const OTHER_KEY: Text = { en: 'does not belong to the first certificate of the chain', zh: '与证书链中的第一个证书不匹配' };

/** What is wrong with a chain, as texts; none when it can be used. `now` undefined leaves its dates unjudged. */
export function chainFaults(pem: string, now: number | undefined): Text[] {
  const kinds = [...pem.matchAll(BLOCK)].map((block) => block[1]!);
  const foreign = kinds.find((kind) => kind !== 'CERTIFICATE');
  if (foreign !== undefined) return [tell(NOT_HERE, { kind: verbatim(foreign) })];
  if (kinds.length === 0) return [NO_PEM];
  if (kinds.length > CHAIN_MAX) return [tell(TOO_LONG, { max: CHAIN_MAX })];
  const certificates: X509Certificate[] = [];
  for (const [i, block] of blocksOf(pem).entries()) {
    try {
      certificates.push(new X509Certificate(block));
    } catch (error) {
      return [tell(UNREADABLE, { n: i + 1, reason: verbatim((error as Error).message.slice(0, 200)) })];
    }
  }
  return [...orderFaults(certificates), ...certificates.flatMap((certificate, i) => dateFaults(certificate, i, now))];
}

/** What is wrong with a chain of a host: also that its leaf names one. */
export function hostChainFaults(pem: string, now: number | undefined): Text[] {
  const faults = chainFaults(pem, now);
  return faults.length > 0 || readChain(pem).hosts.length > 0 ? faults : [NO_HOSTS];
}

/** What is wrong with a key for a chain without faults; undefined when it fits. */
export function keyFault(key: string, chain: string): Text | undefined {
  try {
    return new X509Certificate(blocksOf(chain)[0]!).checkPrivateKey(createPrivateKey(key)) ? undefined : OTHER_KEY;
  } catch {
    return NO_KEY; // What OpenSSL says of a key is no help, and might quote it.
  }
}

/** Reads a chain without faults. */
export function readChain(pem: string): CertificateFacts {
  const certificates = blocksOf(pem).map((block) => new X509Certificate(block));
  const [leaf] = certificates;
  const names = [...(leaf!.subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,"\s]+)/g)].map((found) => found[1]!.toLowerCase());
  return {
    hosts: [...new Set(names)],
    notBefore: Math.max(...certificates.map((one) => one.validFromDate.getTime())),
    notAfter: Math.min(...certificates.map((one) => one.validToDate.getTime())),
    fingerprint: leaf!.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function blocksOf(pem: string): string[] {
  return [...pem.matchAll(BLOCK)].map((block) => block[0]);
}

function orderFaults(certificates: readonly X509Certificate[]): Text[] {
  return certificates.slice(0, -1).flatMap((certificate, i) => {
    const next = certificates[i + 1]!;
    if (certificate.checkIssued(next) && certificate.verify(next.publicKey)) return [];
    return [tell(WRONG_ORDER, { n: i + 1, subject: shown(certificate), next: shown(next) })];
  });
}

function dateFaults(certificate: X509Certificate, i: number, now: number | undefined): Text[] {
  if (now === undefined) return [];
  const told = (text: Text, date: Date): Text[] => [tell(text, { n: i + 1, subject: shown(certificate), date: date.toISOString() })];
  if (now > certificate.validToDate.getTime()) return told(EXPIRED, certificate.validToDate);
  return now < certificate.validFromDate.getTime() ? told(EARLY, certificate.validFromDate) : [];
}

function shown({ subject }: X509Certificate): Text {
  return verbatim(subject.split('\n').reverse().join(',').slice(0, 200));
}
