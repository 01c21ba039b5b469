/**
 * What single fields mean to the engine: framing, connection, expectation; which ones never pass.
 * Called by head.ts for each field read; answers a fault or nothing.
 * Never passed on: hop-by-hop fields and those `Connection` names; `trailer` (trailers.ts announces what it lets pass);
 * `forwarded`, `x-forwarded-*`, `x-real-ip` (what is true of them is written anew); `client-cert`, `client-cert-chain`
 * (RFC 9440 §2.4: only the one who ended the TLS may say them); `x-weir-*` from callers; claims of an address or identity
 * that proxies make (below) unless a trusted proxy makes them; and names that equal a special one when `_` is read as `-`.
 * Source: RFC 9110 §7.6.1, §10.1.1; RFC 9112 §6, §9.6.
 */
import { decimal, eachToken, isAuthority, sameRange, sameText, sameWord, startsFolded, word } from './bytes.ts';
import { DROPPED, type Head, type HeadFault, MANAGED, PLAIN } from './head.ts';

const W = {
  te: word('te'),
  host: word('host'),
  date: word('date'),
  expect: word('expect'),
  upgrade: word('upgrade'),
  trailer: word('trailer'),
  forwarded: word('forwarded'),
  realIp: word('x-real-ip'),
  clientCert: word('client-cert'),
  clientCertChain: word('client-cert-chain'),
  connection: word('connection'),
  keepAlive: word('keep-alive'),
  traceparent: word('traceparent'),
  requestId: word('x-request-id'),
  contentLength: word('content-length'),
  proxyConnection: word('proxy-connection'),
  http2Settings: word('http2-settings'),
  transferEncoding: word('transfer-encoding'),
  proxyAuthenticate: word('proxy-authenticate'),
  proxyAuthorization: word('proxy-authorization'),
  weir: word('x-weir-'),
  xForwarded: word('x-forwarded-'),
  chunked: word('chunked'),
  close: word('close'),
  trailers: word('trailers'),
  continue: word('100-continue'),
};

/** Fields by which proxies tell upstreams who the client is. */
const CLAIMS = {
  xClientIp: word('x-client-ip'),
  trueClientIp: word('true-client-ip'),
  cfConnectingIp: word('cf-connecting-ip'),
  cfConnectingIpv6: word('cf-connecting-ipv6'),
  fastlyClientIp: word('fastly-client-ip'),
  clusterClientIp: word('x-cluster-client-ip'),
  originalForwardedFor: word('x-original-forwarded-for'),
};
/** Beginnings of such names: the mesh of Envoy, load balancers that log users in or check certificates. */
const CLAIM_STARTS = [word('x-envoy-'), word('x-amzn-oidc-'), word('x-amzn-mtls-')];

/** By length the first letters of these names, bit n for the n-th of the alphabet: they tell nearly all fields that mean nothing here. */
const FIRST_LETTERS = new Int32Array(32);
for (const name of [...Object.values(W), ...Object.values(CLAIMS)]) FIRST_LETTERS[name.length]! |= 1 << (name[0]! & 31);
const X = 'x'.charCodeAt(0) & 31;

/** False for most fields: no name above is as long and begins so, in either case. */
function mayMean(length: number, first: number): boolean {
  return length < FIRST_LETTERS.length && ((FIRST_LETTERS[length]! >>> first) & 1) === 1;
}

/** Reads field `n` of a request. */
export function readRequestField(head: Head, n: number): HeadFault | undefined {
  const s = head.spans[n * 4]!;
  const length = head.spans[n * 4 + 1]! - s;
  const first = head.buffer[s]! & 31;
  if (first === X) dropOwn(head, n);
  return mayMean(length, first) ? readMeaning(head, n, length) : undefined;
}

/** What a field means whose name may be one of these. */
function readMeaning(head: Head, n: number, length: number): HeadFault | undefined {
  switch (length) {
    case 2:
      return drop(head, n, W.te);
    case 4:
      return named(head, n, W.host) ? readHost(head, n) : undefined;
    case 6:
      return named(head, n, W.expect) ? readExpect(head, n) : undefined;
    case 7:
      drop(head, n, W.trailer);
      readUpgrade(head, n);
      break;
    case 9:
      drop(head, n, W.forwarded);
      drop(head, n, W.realIp);
      break;
    case 10:
      if (named(head, n, W.connection)) return readConnection(head, n);
      drop(head, n, W.keepAlive);
      break;
    case 11:
      drop(head, n, W.clientCert);
      drop(head, n, CLAIMS.xClientIp);
      if (named(head, n, W.traceparent)) head.traceparentIndex = head.traceparentIndex === -1 ? n : -2;
      break;
    case 12:
      if (named(head, n, W.requestId)) readRequestId(head, n);
      break;
    case 14:
      drop(head, n, CLAIMS.trueClientIp);
      drop(head, n, W.http2Settings);
      if (named(head, n, W.contentLength)) return readContentLength(head, n);
      break;
    case 16:
      drop(head, n, CLAIMS.cfConnectingIp);
      drop(head, n, CLAIMS.fastlyClientIp);
      drop(head, n, W.proxyConnection);
      break;
    case 17:
      drop(head, n, W.clientCertChain);
      if (named(head, n, W.transferEncoding)) return readTransferEncoding(head, n);
      break;
    case 18:
      drop(head, n, CLAIMS.cfConnectingIpv6);
      break;
    case 19:
      drop(head, n, CLAIMS.clusterClientIp);
      drop(head, n, W.proxyAuthorization);
      break;
  }
  return;
}

/** Reads field `n` of a response. */
export function readResponseField(head: Head, n: number): HeadFault | undefined {
  const s = head.spans[n * 4]!;
  const length = head.spans[n * 4 + 1]! - s;
  if (!mayMean(length, head.buffer[s]! & 31)) return;
  switch (length) {
    case 2:
      return drop(head, n, W.te);
    case 4:
      if (named(head, n, W.date)) head.hasDate = true;
      return;
    case 7:
      return drop(head, n, W.trailer) ?? readUpgrade(head, n);
    case 10:
      return named(head, n, W.connection) ? readConnection(head, n) : drop(head, n, W.keepAlive);
    case 12:
      return drop(head, n, W.requestId);
    case 14:
      return named(head, n, W.contentLength) ? readContentLength(head, n) : undefined;
    case 16:
      return drop(head, n, W.proxyConnection);
    case 17:
      return named(head, n, W.transferEncoding) ? readTransferEncoding(head, n) : undefined;
    case 18:
      return drop(head, n, W.proxyAuthenticate);
  }
  return;
}

/**
 * Drops the fields that `Connection` names and notes `close`, `keep-alive`, `upgrade`, `te`.
 * Framing and routing fields cannot be named away. False when a `Connection` value is no list of tokens.
 */
export function applyNominations(head: Head): boolean {
  const { buffer: b, spans } = head;
  let drops = false;
  for (let n = 0; n < head.count; n++) {
    if (!sameWord(b, spans[n * 4]!, spans[n * 4 + 1]!, W.connection)) continue;
    const ok = eachToken(b, spans[n * 4 + 2]!, spans[n * 4 + 3]!, (start, end) => {
      if (sameWord(b, start, end, W.close)) head.connectionClose = true;
      else if (sameWord(b, start, end, W.keepAlive)) head.connectionKeepAlive = true;
      else if (sameWord(b, start, end, W.upgrade)) head.wantsUpgrade = true;
      else if (sameWord(b, start, end, W.te)) head.wantsTrailers = head.isRequest && head.minor === 1 && saysTrailers(head);
      else {
        drops = true;
        dropNominated(head, start, end);
      }
    });
    if (!ok) return false;
  }
  head.hasNominations = drops;
  return true;
}

/** True when a `TE` holds `trailers`. Quoted parameters, in which it would mean something else, nobody needs. Source: RFC 9110 §10.1.4. */
function saysTrailers(head: Head): boolean {
  const { buffer: b, spans } = head;
  for (let n = 0; n < head.count; n++) {
    if (!sameWord(b, spans[n * 4]!, spans[n * 4 + 1]!, W.te)) continue;
    const codings = b.toString('latin1', spans[n * 4 + 2]!, spans[n * 4 + 3]!);
    if (!codings.includes('"') && /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(codings)) return true;
  }
  return false;
}

/** True when `Connection` names the field: it must not pass, wherever in the message it stands. `name` in lower case. */
export function isNominated(head: Head, name: string): boolean {
  if (!head.hasNominations) return false;
  const { buffer: b, spans } = head;
  let found = false;
  for (let n = 0; n < head.count; n++) {
    if (!sameWord(b, spans[n * 4]!, spans[n * 4 + 1]!, W.connection)) continue;
    eachToken(b, spans[n * 4 + 2]!, spans[n * 4 + 3]!, (start, end) => void (found ||= sameText(b, start, end, name)));
  }
  return found;
}

function dropNominated(head: Head, start: number, end: number): void {
  const b = head.buffer;
  if (sameWord(b, start, end, W.host) || sameWord(b, start, end, W.contentLength)) return;
  if (sameWord(b, start, end, W.transferEncoding)) return;
  for (let n = 0; n < head.count; n++) {
    if (sameRange(b, head.spans[n * 4]!, head.spans[n * 4 + 1]!, start, end)) head.kinds[n] = DROPPED;
  }
}

/** True when field `n` has this name; a name that only equals it with `_` for `-` is dropped instead. */
function named(head: Head, n: number, wanted: Uint8Array): boolean {
  const s = head.spans[n * 4]!;
  if (sameWord(head.buffer, s, s + wanted.length, wanted)) return true;
  drop(head, n, wanted);
  return false;
}

/** Drops field `n`, which is as long as `wanted`, if that is its name or what a sloppy receiver takes it for. */
function drop(head: Head, n: number, wanted: Uint8Array): undefined {
  if (startsFolded(head.buffer, head.spans[n * 4]!, wanted)) head.kinds[n] = DROPPED;
}

function dropOwn(head: Head, n: number): undefined {
  const s = head.spans[n * 4]!;
  const length = head.spans[n * 4 + 1]! - s;
  const isOwn = length >= 7 && startsFolded(head.buffer, s, W.weir);
  if (isOwn || (length >= 12 && startsFolded(head.buffer, s, W.xForwarded)) || startsClaim(head, s, length)) head.kinds[n] = DROPPED;
  if (length === CLAIMS.originalForwardedFor.length) drop(head, n, CLAIMS.originalForwardedFor);
}

function startsClaim(head: Head, s: number, length: number): boolean {
  for (const start of CLAIM_STARTS) if (length >= start.length && startsFolded(head.buffer, s, start)) return true;
  return false;
}

/**
 * Lets the claims of a trusted proxy pass, as far as their names are written plainly. Where `Connection` names fields
 * none does: which ones it named is not known any more.
 */
export function passClaims(head: Head): void {
  if (head.hasNominations) return;
  const { buffer: b, spans, kinds } = head;
  for (let n = 0; n < head.count; n++) {
    if (kinds[n] !== DROPPED) continue;
    const [s, e] = [spans[n * 4]!, spans[n * 4 + 1]!];
    const isClaim = CLAIM_STARTS.some((start) => e - s > start.length && sameWord(b, s, s + start.length, start));
    if (isClaim || Object.values(CLAIMS).some((name) => sameWord(b, s, e, name))) kinds[n] = PLAIN;
  }
}

function readHost(head: Head, n: number): HeadFault | undefined {
  if (head.hostIndex >= 0 || !isAuthority(head.buffer, head.spans[n * 4 + 2]!, head.spans[n * 4 + 3]!)) return 'host';
  head.hostIndex = n;
  head.kinds[n] = MANAGED;
  return;
}

function readExpect(head: Head, n: number): HeadFault | undefined {
  head.kinds[n] = DROPPED;
  if (head.minor === 0) return;
  if (!sameWord(head.buffer, head.spans[n * 4 + 2]!, head.spans[n * 4 + 3]!, W.continue)) return 'expectation';
  head.expectsContinue = true;
  return;
}

function readUpgrade(head: Head, n: number): undefined {
  if (!named(head, n, W.upgrade)) return;
  head.upgradeIndex = head.upgradeIndex === -1 ? n : -2;
  head.kinds[n] = DROPPED;
}

function readConnection(head: Head, n: number): undefined {
  head.kinds[n] = DROPPED;
  const start = head.spans[n * 4 + 2]!;
  const end = head.spans[n * 4 + 3]!;
  if (sameWord(head.buffer, start, end, W.keepAlive)) head.connectionKeepAlive = true;
  else if (sameWord(head.buffer, start, end, W.close)) head.connectionClose = true;
  else head.hasNominations = true;
}

/** Several ids are none: the exchange makes its own. */
function readRequestId(head: Head, n: number): void {
  if (head.requestIdIndex === -1) {
    head.requestIdIndex = n;
    return;
  }
  if (head.requestIdIndex >= 0) head.kinds[head.requestIdIndex] = DROPPED;
  head.requestIdIndex = -2;
  head.kinds[n] = DROPPED;
}

/**
 * True when nothing but at most one space stands around a framing field's value. A tab there is allowed (RFC 9112 §5.1),
 * but a reader behind us that does not know it would miss the field, and see other messages than we do.
 */
function isPlain(head: Head, n: number): boolean {
  const b = head.buffer;
  const colon = head.spans[n * 4 + 1]!;
  const from = head.spans[n * 4 + 2]!;
  return (from === colon + 1 || (from === colon + 2 && b[colon + 1] === 32)) && b[head.spans[n * 4 + 3]!] === 13;
}

function readContentLength(head: Head, n: number): HeadFault | undefined {
  if (head.contentLength >= 0 || !isPlain(head, n)) return 'content-length';
  head.contentLength = decimal(head.buffer, head.spans[n * 4 + 2]!, head.spans[n * 4 + 3]!);
  return head.contentLength < 0 ? 'content-length' : undefined;
}

/** `chunked`, once and alone, is the only transfer coding we speak. */
function readTransferEncoding(head: Head, n: number): HeadFault | undefined {
  if (head.chunked || !isPlain(head, n) || !sameWord(head.buffer, head.spans[n * 4 + 2]!, head.spans[n * 4 + 3]!, W.chunked))
    return 'transfer-encoding';
  head.chunked = true;
  return;
}
