/** Random texts that are shown once and kept as SHA-256: sessions, tokens, keys. */
import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits with a prefix that tells people and scanners what it is. */
export function newSecretText(prefix: string): string {
  return `${prefix}${randomBytes(32).toString('base64url')}`;
}

/** What the store keeps of it. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
