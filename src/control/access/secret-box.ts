/**
 * Seals secret values for the store, and keyed hashes of them.
 *
 *   master key (file) ─▶ seals values (AES-256-GCM, key id in each) ─▶ store
 *                     └▶ seals the installation key (random, in the store) ─HKDF─▶ one HMAC key per purpose
 *
 * Hashes hang on the installation key, so that changing the master key changes no release and no cursor.
 * Source: NIST SP 800-38D (GCM), RFC 5869 (HKDF).
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import type { Random } from '../../base/random.ts';
import type { SettingTable } from '../../store/types.ts';
import type { SecretBox } from '../resources/seal.ts';
import { createMasterKey, KEY_BYTES, type MasterKey, type MasterKeyPlace, readMasterKeys } from './master-key.ts';
import problems from './problems.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORM = '1';
const PURPOSES_MAX = 64;
const INSTALLATION_KEY = 'installation-key';

export interface SecretBoxParts {
  readonly place: MasterKeyPlace;
  readonly settings: Pick<SettingTable, 'get' | 'putOnce'>;
  readonly random: Random;
}

/**
 * Opens the installation's keys; on the first start makes them. Raises `master-key-missing`, `-wrong`,
 * `-exposed`, `-malformed`, and then nothing was changed.
 */
export async function openSecretBox({ place, settings, random }: SecretBoxParts): Promise<SecretBox> {
  const { file } = place;
  let sealed = await settings.get(INSTALLATION_KEY);
  let keys = readMasterKeys(place);
  if (!keys) {
    if (sealed !== null || place.given) throw problems.raise['master-key-missing']({ values: { file } });
    createMasterKey(place, random);
    keys = readMasterKeys(place)!;
  }
  sealed ??= await settings.putOnce(INSTALLATION_KEY, seal(keys[0]!, Buffer.from(random.bytes(KEY_BYTES)).toString('base64'), INSTALLATION_KEY, random));
  let installationKey: Buffer;
  try {
    installationKey = Buffer.from(open(keys, sealed, INSTALLATION_KEY), 'base64');
  } catch (error) {
    throw problems.raise['master-key-wrong']({ values: { file }, cause: error });
  }
  return boxOf(keys, installationKey, random);
}

function boxOf(keys: readonly MasterKey[], installationKey: Buffer, random: Random): SecretBox {
  const purposes = new Map<string, Buffer>();
  const keyFor = (purpose: string): Buffer => {
    let key = purposes.get(purpose);
    if (!key) {
      if (purposes.size >= PURPOSES_MAX) purposes.clear();
      key = Buffer.from(hkdfSync('sha256', installationKey, Buffer.alloc(0), `weir/${purpose}`, KEY_BYTES));
      purposes.set(purpose, key);
    }
    return key;
  };
  return Object.freeze({
    seal: (plain: string, context: string) => seal(keys[0]!, plain, context, random),
    open: (sealed: string, context: string) => open(keys, sealed, context),
    hmac: (purpose: string, text: string) => createHmac('sha256', keyFor(purpose)).update(text).digest('hex'),
  });
}

/** `1.<key id>.<nonce, cipher text and tag in base64url>`; a new nonce each time. */
function seal(key: MasterKey, plain: string, context: string, random: Random): string {
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(additional(key.id, context));
  const data = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${FORM}.${key.id}.${data.toString('base64url')}`;
}

function open(keys: readonly MasterKey[], sealed: string, context: string): string {
  const [form, id = '', text = ''] = sealed.split('.');
  const key = keys.find((k) => k.id === id);
  const data = Buffer.from(text, 'base64url');
  if (form !== FORM || !key || data.length < NONCE_BYTES + TAG_BYTES) throw problems.raise['secret-unreadable']({ values: { key: id.slice(0, 20) } });
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, data.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(additional(id, context));
  decipher.setAuthTag(data.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch (error) {
    throw problems.raise['secret-unreadable']({ values: { key: id }, cause: error });
  }
}

/** Binds form, key and place to the cipher text: a value copied to another place does not open. */
function additional(keyId: string, context: string): Buffer {
  return Buffer.from(`weir\0${FORM}\0${keyId}\0${context}`, 'utf8');
}
