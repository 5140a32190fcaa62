import {
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  type ScryptOptions,
  scrypt,
} from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { canonicalJson, createIds, type Id } from '../base/index.ts';
import { type Assurance, failure } from '../contract/index.ts';
import { createDurably, makePrivateDirectory, writeDurably } from './durable-file.ts';
import { fromPkcs8, publicKeyOf, toSigningKey } from './ed25519.ts';
import { readPrivateFile } from './private-file.ts';

/** This machine's key to act as the operator. It lives outside the home it signs for. */
export interface DeviceKeyFile {
  readonly device: Id;
  /** base64url of the raw Ed25519 key */
  readonly publicKey: string;
  /** `unlocked` when a passphrase guards it, else `unattended` */
  readonly assurance: Exclude<Assurance, 'present'>;
  /**
   * The key to sign with. Fails with `not_authorised` for a missing or wrong passphrase, `wrong_key`
   * when the file holds another key than it names.
   */
  readonly unlock: (passphrase?: string) => Promise<CryptoKey>;
}

/**
 * The device key in `path`, made at first use: under `passphrase` when one is given. Fails with
 * `wrong_key` (unreadable), `not_authorised` (others can read or replace it), `store_read_only`.
 */
export async function loadOrCreateDeviceKey(
  path: string,
  options: { readonly passphrase?: string } = {},
): Promise<DeviceKeyFile> {
  const found = await loadDeviceKey(path);
  if (found) return found;
  await makePrivateDirectory(dirname(path));
  const { privateKey } = generateKeyPairSync('ed25519');
  const names = { v: 1 as const, device: newDeviceId(), publicKey: publicKeyOf(privateKey) };
  const content = await seal(names, privateKey, options.passphrase);
  // when another process was first, its key is the key
  await createDurably(path, `${JSON.stringify(content, null, 2)}\n`);
  return (await loadDeviceKey(path)) ?? loadOrCreateDeviceKey(path, options);
}

/** The device key in `path`, or undefined where there is none. Fails like `loadOrCreateDeviceKey`. */
export async function loadDeviceKey(path: string): Promise<DeviceKeyFile | undefined> {
  const bytes = await readPrivateFile(path);
  if (!bytes) return undefined;
  await checkParent(path);
  const content = parse(path, bytes);
  return {
    device: content.device,
    publicKey: content.publicKey,
    assurance: 'encrypted' in content ? 'unlocked' : 'unattended',
    unlock: async (passphrase) => toSigningKey(await unseal(path, content, passphrase)),
  };
}

/**
 * Puts the same key under another passphrase, or under none. Enrol the device again afterwards: the
 * assurance that the company knows it by does not follow by itself.
 */
export async function changePassphrase(
  path: string,
  change: { readonly current?: string; readonly next?: string },
): Promise<void> {
  const bytes = await readPrivateFile(path);
  if (!bytes) throw failure('not_found', `There is no device key in ${path}.`, { path });
  const content = parse(path, bytes);
  const privateKey = await unseal(path, content, change.current);
  const { v, device, publicKey } = content;
  const sealed = await seal({ v, device, publicKey }, privateKey, change.next);
  await writeDurably(path, `${JSON.stringify(sealed, null, 2)}\n`);
}

const bytesSchema = z.base64url();
const namesShape = { v: z.literal(1), device: z.uuid(), publicKey: bytesSchema.length(43) };
const encryptedSchema = z.strictObject({
  kdf: z.literal('scrypt'),
  // bounded, so that a changed file cannot make us spend all memory
  n: z
    .int()
    .min(1024)
    .max(2 ** 20),
  r: z.literal(8),
  p: z.int().min(1).max(4),
  salt: bytesSchema,
  cipher: z.literal('aes-256-gcm'),
  nonce: bytesSchema.length(16),
  ciphertext: bytesSchema,
});
const fileSchema = z.union([
  z.strictObject({ ...namesShape, privateKey: bytesSchema }),
  z.strictObject({ ...namesShape, encrypted: encryptedSchema }),
]);
type Names = { readonly [Name in keyof typeof namesShape]: z.infer<(typeof namesShape)[Name]> };
type Content = z.infer<typeof fileSchema>;

function parse(path: string, bytes: Buffer): Content {
  try {
    return fileSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    throw unreadable(path); // never the parser's words: they may quote the key
  }
}

// 128 MB and about half a second for each guess; the OWASP password storage sheet's first choice
const SCRYPT = { n: 2 ** 17, r: 8, p: 1 } as const;
const SCRYPT_MEMORY_FACTOR = 256; // scrypt needs 128 * n * r bytes, and some for itself
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

async function seal(names: Names, key: KeyObject, passphrase?: string): Promise<Content> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  if (passphrase === undefined) return { ...names, privateKey: der.toString('base64url') };
  if (passphrase === '') {
    throw failure('invalid_input', 'A passphrase needs at least one character.');
  }
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', await stretch(passphrase, salt, SCRYPT), nonce);
  cipher.setAAD(Buffer.from(canonicalJson({ ...names })));
  const ciphertext = Buffer.concat([cipher.update(der), cipher.final(), cipher.getAuthTag()]);
  return {
    ...names,
    encrypted: {
      kdf: 'scrypt',
      ...SCRYPT,
      salt: salt.toString('base64url'),
      cipher: 'aes-256-gcm',
      nonce: nonce.toString('base64url'),
      ciphertext: ciphertext.toString('base64url'),
    },
  };
}

async function unseal(path: string, content: Content, passphrase?: string): Promise<KeyObject> {
  const der =
    'encrypted' in content
      ? await decrypt(path, content, passphrase)
      : Buffer.from(content.privateKey, 'base64url');
  const key = fromPkcs8(der);
  if (!key || publicKeyOf(key) !== content.publicKey) throw unreadable(path);
  return key;
}

async function decrypt(
  path: string,
  { encrypted, ...names }: Extract<Content, { encrypted: unknown }>,
  passphrase: string | undefined,
): Promise<Buffer> {
  if (passphrase === undefined) {
    throw failure(
      'not_authorised',
      'This device key needs its passphrase.',
      { path },
      'Run the command in a terminal and type the passphrase.',
    );
  }
  const sealed = Buffer.from(encrypted.ciphertext, 'base64url');
  const secret = await stretch(passphrase, Buffer.from(encrypted.salt, 'base64url'), encrypted);
  try {
    const nonce = Buffer.from(encrypted.nonce, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', secret, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(canonicalJson({ ...names })));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw failure(
      'not_authorised',
      'The passphrase does not open this device key.',
      { path },
      'Try again, or enrol this machine anew with the recovery key.',
    );
  }
}

function stretch(
  passphrase: string,
  salt: Buffer,
  { n, r, p }: { readonly n: number; readonly r: number; readonly p: number },
): Promise<Buffer> {
  const options: ScryptOptions = { N: n, r, p, maxmem: SCRYPT_MEMORY_FACTOR * n * r };
  // NFKC: two keyboards may write one passphrase in two ways
  const text = passphrase.normalize('NFKC');
  return new Promise((resolve, reject) => {
    scrypt(text, salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** Who may write the directory may put another key there. `/tmp` and its like are guarded (sticky). */
async function checkParent(path: string): Promise<void> {
  const directory = dirname(path);
  const { mode } = await stat(directory);
  const isShared = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
  if (process.platform === 'win32' || !isShared) return;
  throw failure(
    'not_authorised',
    `Other users of this machine can replace files in ${directory}.`,
    { path: directory, mode: (mode & 0o777).toString(8) },
    `Close it with: chmod go-w ${directory}`,
  );
}

function unreadable(path: string) {
  return failure(
    'wrong_key',
    `The device key cannot be read: ${path}`,
    { path },
    'Put the file back from a copy, or enrol this machine anew with the recovery key.',
  );
}

function newDeviceId(): Id {
  return createIds(() => Date.now())();
}
