import { join } from 'node:path';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { z } from 'zod';
import { type Clock, toTimestamp } from '../base/index.ts';
import { failure } from '../contract/index.ts';
import { createDurably, makePrivateDirectory, writeDurably } from './durable-file.ts';
import { createHostList, type HostPattern } from './host-list.ts';
import { readPrivateFile } from './private-file.ts';

/** What may be known of a secret. Its value is in no answer, event, error or list. */
export interface SecretInfo {
  /** the handle is `secret://<name>` */
  readonly name: string;
  /** 1, then one more for every new value */
  readonly version: number;
  /** the only hosts it may be sent to */
  readonly hosts: readonly HostPattern[];
  /** UTC timestamp of the last change */
  readonly changedAt: string;
}

/** Secrets by handle, encrypted at rest. Writes are durable when fulfilled, and happen in order. */
export interface SecretStore {
  /** Fails with `invalid_input` for a name, value or host that cannot be kept. Changes nothing. */
  readonly check: (name: string, value: string, hosts: readonly HostPattern[]) => void;
  /** Fails as `check` does. */
  readonly set: (name: string, value: string, hosts: readonly HostPattern[]) => Promise<SecretInfo>;
  /** A new value for the same hosts. Fails with `not_found`, `invalid_input`. */
  readonly rotate: (name: string, value: string) => Promise<SecretInfo>;
  /** True when there was one. */
  readonly remove: (name: string) => Promise<boolean>;
  readonly list: () => readonly SecretInfo[];
  /**
   * The value, for a connection to `host` that is made now. Fails with `not_found`, and with
   * `egress_refused` for a host (or port) the secret was not declared for.
   */
  readonly reveal: (name: string, host: string, port?: number) => string;
  /** A copy of `request` with the handle in its headers replaced. Fails like `reveal`. */
  readonly inject: <Request extends { readonly headers: Headers }>(
    request: Request,
    name: string,
    host: string,
    port?: number,
  ) => Request;
  /** Every value this process ever held, also replaced ones, so that a redactor can know them. */
  readonly values: () => Iterable<{ readonly name: string; readonly value: string }>;
}

type Headers = { readonly [name: string]: string };

/**
 * Opens the store in `directory` (the home's `keys/`): `secrets.key` is an age identity, `secrets.age`
 * the secrets, `secrets.canary` a known text that tells a wrong key from a damaged file. Fails with
 * `wrong_key`, `payload_damaged`, `not_authorised` (others can read the files), `store_read_only`.
 */
export async function openSecretStore(directory: string, clock: Clock): Promise<SecretStore> {
  await makePrivateDirectory(directory);
  const path = join(directory, 'secrets.age');
  const sealed = await readPrivateFile(path);
  const vault = await openVault(directory, sealed !== undefined);
  let secrets: ReadonlyMap<string, Secret> = sealed ? await vault.open(sealed) : new Map();
  const everHeld = new Map<string, Set<string>>();
  for (const { name, value } of secrets.values()) hold(everHeld, name, value);

  let queue: Promise<unknown> = Promise.resolve();
  /** One change after the other; memory follows the disk, never the other way round. */
  const change = <T>(
    decide: () => { readonly next: ReadonlyMap<string, Secret>; readonly answer: T },
  ) => {
    const done = queue.then(async () => {
      const { next, answer } = decide();
      await writeDurably(path, await vault.seal(next));
      secrets = next;
      return answer;
    });
    queue = done.catch(() => undefined);
    return done;
  };
  const put = (name: string, value: string, hosts?: readonly HostPattern[]) => {
    checkSecret(name, value, hosts);
    hold(everHeld, name, value);
    return change(() => {
      const old = secrets.get(name);
      if (!hosts && !old) throw unknown(name);
      const secret = {
        name,
        value,
        version: (old?.version ?? 0) + 1,
        hosts: [...(hosts ?? old?.hosts ?? [])],
        changedAt: toTimestamp(clock.now()),
      };
      return { next: new Map(secrets).set(name, secret), answer: describe(secret) };
    });
  };
  const reveal = (name: string, host: string, port?: number) => {
    const secret = secrets.get(name);
    if (!secret) throw unknown(name);
    if (!createHostList(secret.hosts)(host, port)) throw undeclared(name, host);
    return secret.value;
  };

  return {
    check: checkSecret,
    set: async (name, value, hosts) => put(name, value, hosts),
    rotate: async (name, value) => put(name, value),
    remove: (name) =>
      change(() => {
        const next = new Map(secrets);
        return { answer: next.delete(name), next };
      }),
    list: () => [...secrets.values()].map(describe).sort((a, b) => (a.name < b.name ? -1 : 1)),
    reveal,
    inject(request, name, host, port) {
      const value = reveal(name, host, port);
      const handle = new RegExp(`secret://${name}(?![a-z0-9_-])`, 'g');
      const headers = Object.entries(request.headers).map(([header, text]) => [
        header,
        text.replaceAll(handle, () => value), // a function: `$&` in a secret means nothing
      ]);
      return { ...request, headers: Object.fromEntries(headers) };
    },
    *values() {
      for (const [name, held] of everHeld) for (const value of held) yield { name, value };
    },
  };
}

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/** anything shorter is found by chance, in ids too, so no redactor can guard it */
const MIN_VALUE_CHARACTERS = 8;
const MAX_VALUE_CHARACTERS = 65_536; // a certificate chain fits

function checkSecret(name: string, value: string, hosts: readonly HostPattern[] | undefined): void {
  const invalid = (field: string, message: string) => failure('invalid_input', message, { field });
  if (!NAME.test(name)) {
    throw invalid('name', 'A secret is named with small letters, digits and dashes.');
  }
  if (value.length < MIN_VALUE_CHARACTERS || value.length > MAX_VALUE_CHARACTERS) {
    throw invalid(
      'value',
      `A secret has ${MIN_VALUE_CHARACTERS} to ${MAX_VALUE_CHARACTERS} characters.`,
    );
  }
  if (!value.isWellFormed()) throw invalid('value', 'A secret is text.');
  if (hosts?.length === 0) throw invalid('hosts', 'Name at least one host it may be sent to.');
  if (hosts?.includes('*')) throw invalid('hosts', 'A secret is for named hosts, not for all.');
  createHostList(hosts ?? []);
}

const secretSchema = z.strictObject({
  name: z.string().regex(NAME),
  value: z.string(),
  version: z.int().positive(),
  hosts: z.array(z.string()),
  changedAt: z.iso.datetime(),
});
const fileSchema = z.strictObject({ v: z.literal(1), secrets: z.array(secretSchema) });
type Secret = z.infer<typeof secretSchema>;

interface Vault {
  readonly seal: (secrets: ReadonlyMap<string, Secret>) => Promise<Uint8Array>;
  readonly open: (sealed: Uint8Array) => Promise<ReadonlyMap<string, Secret>>;
}

const CANARY = 'steward/secrets-canary/v1';

/** The identity, checked against the canary. A new one is made only where nothing was ever sealed. */
async function openVault(directory: string, hasSecrets: boolean): Promise<Vault> {
  const canaryPath = join(directory, 'secrets.canary');
  const canary = await readPrivateFile(canaryPath);
  const identity = await readIdentity(join(directory, 'secrets.key'), !canary && !hasSecrets);
  const vault = await createVault(identity);
  if (canary) {
    const text = await decrypt(identity, canary);
    if (text !== CANARY)
      throw wrongKey('The key for your secrets is not the one they were kept with.');
  } else {
    // the first start was interrupted, or the canary was lost; secrets.age is then its own canary
    const sealed = hasSecrets ? await readPrivateFile(join(directory, 'secrets.age')) : undefined;
    if (sealed && (await decrypt(identity, sealed)) === undefined) {
      throw wrongKey('The key for your secrets does not open them.');
    }
    await writeDurably(canaryPath, await encrypt(identity, CANARY));
  }
  return vault;
}

async function readIdentity(path: string, mayCreate: boolean): Promise<string> {
  const found = await readPrivateFile(path);
  if (found) {
    const identity = found.toString('utf8').trim();
    if (/^AGE-SECRET-KEY-1[A-Z0-9]+$/.test(identity)) return identity;
    throw wrongKey(`The key for your secrets cannot be read: ${path}`);
  }
  if (!mayCreate) throw wrongKey(`The key for your secrets is missing: ${path}`);
  const identity = await generateX25519Identity();
  if (await createDurably(path, `${identity}\n`)) return identity;
  return readIdentity(path, false);
}

async function createVault(identity: string): Promise<Vault> {
  return {
    seal: (secrets) => encrypt(identity, JSON.stringify({ v: 1, secrets: [...secrets.values()] })),
    async open(sealed) {
      const text = await decrypt(identity, sealed);
      try {
        const { secrets } = fileSchema.parse(JSON.parse(text ?? ''));
        return new Map(secrets.map((secret) => [secret.name, secret]));
      } catch {
        // never the parser's words: they may quote a value
        throw failure('payload_damaged', 'The file that keeps your secrets is damaged.');
      }
    },
  };
}

async function encrypt(identity: string, text: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  return encrypter.encrypt(text);
}

/** Undefined when the key does not fit or the bytes were changed. */
async function decrypt(identity: string, sealed: Uint8Array): Promise<string | undefined> {
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return await decrypter.decrypt(sealed, 'text');
  } catch {
    return undefined;
  }
}

function hold(everHeld: Map<string, Set<string>>, name: string, value: string): void {
  everHeld.set(name, (everHeld.get(name) ?? new Set()).add(value));
}

function describe({ name, version, hosts, changedAt }: Secret): SecretInfo {
  return { name, version, hosts, changedAt };
}

function wrongKey(message: string) {
  return failure(
    'wrong_key',
    message,
    {},
    'Put secrets.key back from your backup of the keys, or remove the secrets.* files and enter your secrets again.',
  );
}

function unknown(name: string) {
  return failure('not_found', 'There is no secret of this name.', { secret: name.slice(0, 64) });
}

function undeclared(name: string, host: string) {
  return failure(
    'egress_refused',
    `The secret "${name}" may not be sent to ${host}.`,
    { reason: 'secret_host', secret: name, host },
    'Add the host to the secret if you trust it with it.',
  );
}
