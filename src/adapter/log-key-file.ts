import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { dirname } from 'node:path';
import { failure } from '../contract/index.ts';
import { createDurably, makePrivateDirectory } from './durable-file.ts';
import { publicKeyOf } from './ed25519.ts';
import { readPrivateFile } from './private-file.ts';

/** The kernel's own key. It signs checkpoints and can approve nothing. */
export interface LogKey {
  /** base64url of the raw Ed25519 key */
  readonly publicKey: string;
  /** Ed25519, 64 bytes. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/**
 * The key in `path` (PKCS8 PEM, 0600), made at first use. With `expected`, the public key that the log
 * names, a missing or another key is refused instead of replaced. Fails with `wrong_key`,
 * `not_authorised` (others can read it), `store_read_only`, `disk_full`.
 */
export async function openLogKey(path: string, expected?: string): Promise<LogKey> {
  const key = toKey(path, await readOrCreate(path, expected === undefined));
  const publicKey = publicKeyOf(key);
  if (expected !== undefined && publicKey !== expected) {
    throw failure('wrong_key', `The key in ${path} is not the one this log was signed with.`, {
      path,
      expected,
      found: publicKey,
    });
  }
  return { publicKey, sign: (bytes) => new Uint8Array(sign(null, bytes, key)) };
}

async function readOrCreate(path: string, mayCreate: boolean): Promise<Buffer> {
  const found = await readPrivateFile(path);
  if (found) return found;
  if (!mayCreate) throw failure('wrong_key', `The log key is missing: ${path}`, { path });
  await makePrivateDirectory(dirname(path));
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  if (await createDurably(path, pem)) return pem;
  return readOrCreate(path, false); // another process was first: its key is the key
}

function toKey(path: string, pem: Buffer): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // the reason would only repeat what the bytes are; the failure below says what to do
  }
  throw failure('wrong_key', `The log key cannot be read: ${path}`, { path });
}
