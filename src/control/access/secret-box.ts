/**
 * Secrets at rest: AES-256-GCM under the installation's master key, with the key's id in each value.
 * Keys for other purposes (hashes, cursors) are derived, so that none helps with another.
 * Source: NIST SP 800-38D; RFC 5869 (HKDF).
 */
import { type Text, tell } from '../../base/text.ts';
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, linkSync, openSync, readFileSync, rmSync } from 'node:fs';
import type { SettingTable } from '../../store/types.ts';
import { createPrivateFile } from './private-file.ts';
import problems from './problems.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface InstallationKeys {
  /** Id of the master key: the first 8 hex digits of its SHA-256. */
  readonly keyId: string;
  /** Encrypts; the answer is base64url with the key's id in front. `context` is bound to it. */
  seal(plain: string, context: string): string;
  /** Raises `sealed-value` when the value was changed, moved to another context, or its key is gone. */
  open(sealed: string, context: string): string;
  /** HMAC-SHA-256 (hex) under a key derived for `purpose`. */
  hmac(purpose: string, text: string): string;
}

/**
 * Reads the master key, making it (mode 0600) at the first start of an installation. A key file that the
 * operator `given` is never made, since a mount that is missing today would come back tomorrow with another
 * key; it may belong to another user and be read by a group.
 * Raises `master-key` when it is missing though the store was made with one, is not ours alone, or is another.
 */
export async function openKeys(file: string, settings: SettingTable, { given = false } = {}): Promise<InstallationKeys> {
  const known = await settings.get('master-key-id');
  if (known === null && !given) makeKey(file);
  const keys = keysOf(readKey(file, given));
  if ((await settings.putOnce('master-key-id', keys.keyId)) !== keys.keyId) refuse(file, NOT_THE_ONE);
  return keys;
}

/** A key file appears whole or not at all: written aside, then linked into place. */
function makeKey(file: string): void {
  const aside = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    createPrivateFile(aside, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    linkSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      refuse(file, tell({ en: 'cannot be written: {words}', zh: '无法写入：{words}' }, { words: (error as Error).message }), error);
  } finally {
    rmSync(aside, { force: true });
  }
}

/**
 * Reads a master key file as a start does. `given`: the operator named it, so it may belong to another user and be
 * read by a group. Raises `master-key` with what is wrong with it.
 */
export function readKey(file: string, given: boolean): Buffer {
  let descriptor: number | undefined;
  let text: string;
  try {
    descriptor = openSync(file, 'r');
    const { mode, uid } = fstatSync(descriptor);
    if (process.platform !== 'win32') {
      if ((mode & (given ? 0o007 : 0o077)) !== 0) refuse(file, OPEN_TO_OTHERS);
      if (!given && uid !== process.getuid?.() && uid !== 0) refuse(file, { en: 'belongs to another user', zh: '属于其他用户' });
    }
    text = readFileSync(descriptor, 'utf8').trim();
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('core/')) throw error;
    return refuse(file, tell({ en: 'cannot be read: {words}', zh: '无法读取：{words}' }, { words: (error as Error).message }), error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES) refuse(file, { en: `must hold ${KEY_BYTES} bytes in base64`, zh: `必须是 ${KEY_BYTES} 字节的 base64` });
  return key;
}

const NOT_THE_ONE: Text = { en: 'is not the one this store was made with', zh: '不是创建本存储时所用的密钥' };
const OPEN_TO_OTHERS: Text = { en: 'may be read by others: its mode must be 0600', zh: '可被其他用户读取：权限必须为 0600' };

function refuse(file: string, reason: Text, cause?: unknown): never {
  throw problems.raise['master-key']({ values: { file, reason }, cause });
}

/** All that is done with a master key. */
export function keysOf(master: Buffer): InstallationKeys {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `weir/${purpose}`, KEY_BYTES));
  const sealing = derive('seal');
  const keyId = createHash('sha256').update(master).digest('hex').slice(0, 8);
  const hashing = new Map<string, Buffer>();
  return {
    keyId,
    seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return `${keyId}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`;
    },
    open(sealed, context) {
      const [id, text = ''] = sealed.split('.');
      try {
        if (id !== keyId) throw new Error(`sealed under key ${id}`);
        const bytes = Buffer.from(text, 'base64url');
        const decipher = createDecipheriv('aes-256-gcm', sealing, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(context));
        decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
      } catch (error) {
        throw problems.raise['sealed-value']({ cause: error });
      }
    },
    hmac(purpose, text) {
      let key = hashing.get(purpose);
      if (!key) hashing.set(purpose, (key = derive(`hmac/${purpose}`)));
      return createHmac('sha256', key).update(text).digest('hex');
    },
  };
}
