/**
 * Password hashes: argon2id with OWASP's parameters, off the event loop, a few at a time.
 * Kept as PHC strings. Source: RFC 9106; OWASP Password Storage Cheat Sheet; PHC string format.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import problems from './problems.ts';

const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
export const PASSWORD_LENGTH_MIN = 10;
const DIFFERENT_MIN = 5;
/** Each hash takes 19 MiB and a pool thread: more at once would starve everything else. */
const AT_ONCE_MAX = 2;
const WAITING_MAX = 50;

interface Parameters {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

let running = 0;
const waiting: (() => void)[] = [];

/** Lets `AT_ONCE_MAX` hashes run; raises `login-busy` when too many wait. */
async function inTurn<V>(work: () => Promise<V>): Promise<V> {
  if (running < AT_ONCE_MAX) running++;
  else if (waiting.length >= WAITING_MAX) throw problems.raise['login-busy']();
  else await new Promise<void>((resolve) => waiting.push(resolve)); // Whoever ends hands its place over.
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

function derive(password: string, salt: Buffer, { memory, passes, parallelism }: Parameters, tagLength: number): Promise<Buffer> {
  return inTurn(
    () =>
      new Promise((resolve, reject) => {
        const options = { message: Buffer.from(password.normalize('NFC'), 'utf8'), nonce: salt, memory, passes, parallelism, tagLength };
        argon2('argon2id', options, (error, tag) => (error ? reject(error) : resolve(Buffer.from(tag))));
      }),
  );
}

const bare = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

/** Hashes a password into a PHC string. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await derive(password, salt, PARAMETERS, TAG_BYTES);
  return phcOf(salt, tag);
}

function phcOf(salt: Buffer, tag: Buffer): string {
  return `$argon2id$v=19$m=${PARAMETERS.memory},t=${PARAMETERS.passes},p=${PARAMETERS.parallelism}$${bare(salt)}$${bare(tag)}`;
}

/** A hash nobody's password has: checked for unknown users, so that their answers take as long. */
const NOBODYS = phcOf(Buffer.alloc(SALT_BYTES, 7), Buffer.alloc(TAG_BYTES, 9));

/** True when `password` is the one hashed; takes as long when there is no hash. */
export async function verifyPassword(password: string, phc: string | null): Promise<boolean> {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(phc ?? NOBODYS);
  if (!match) return false;
  const [, memory, passes, parallelism, salt, tag] = match;
  const wanted = Buffer.from(tag!, 'base64');
  const found = await derive(
    password,
    Buffer.from(salt!, 'base64'),
    { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    wanted.length,
  );
  return timingSafeEqual(found, wanted) && phc !== null;
}

/** Raises `weak-password` for one that is too short, of few characters, or the user's own name. */
export function checkStrength(password: string, name: string): void {
  const characters = [...password];
  const weak =
    characters.length < PASSWORD_LENGTH_MIN || new Set(characters).size < DIFFERENT_MIN || password.toLowerCase() === name.toLowerCase();
  if (weak) throw problems.raise['weak-password']({ values: { least: PASSWORD_LENGTH_MIN, different: DIFFERENT_MIN } });
}
