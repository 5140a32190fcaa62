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

/**
 * Secrets by handle, encrypted at rest. Writes are durable when fulfilled, and happen in order. A value is
 * staged first, then the log says that it was signed, then it is settled: so the log never speaks of a
 * value that the disk refused, and a crash in between leaves what `repair` makes good.
 */
export interface SecretStore {
  /**
   * Keeps a value that is not given out yet. Fails with `invalid_input` for a name, value or host that
   * cannot be kept.
   */
  readonly stage: (secret: StagedSecret) => Promise<void>;
  /** Forgets one staged value that was not signed. */
  readonly drop: (name: string, commitment: string) => Promise<void>;
  /**
   * Makes true what the log says: the staged value of this commitment counts from now on; null removes
   * the secret. Undefined where there is none afterwards.
   */
  readonly settle: (name: string, signed: string | null) => Promise<SecretInfo | undefined>;
  /** Settles every secret after a crash, and forgets what was never signed. */
  readonly repair: (signedOf: (name: string) => Promise<string | null>) => Promise<void>;
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
  /** The value of a secret that is sent nowhere: for checks in this house. Undefined for every other one. */
  readonly own: (name: string) => string | undefined;
  /**
   * Every value that counts, that this process ever held, or that was replaced or removed in the last 90
   * days, so that a redactor can know them.
   */
  readonly values: () => Iterable<{ readonly name: string; readonly value: string }>;
}

/** A new value, and what is signed in its place. */
export interface StagedSecret {
  readonly name: string;
  readonly value: string;
  readonly hosts: readonly HostPattern[];
  readonly commitment: string;
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
  const nothing: Kept = { secrets: new Map(), staged: [], retired: [] };
  let kept: Kept = sealed ? await vault.open(sealed) : nothing;
  const everHeld = new Map<string, Set<string>>();
  const known = [
    ...kept.secrets.values(),
    ...kept.staged,
    ...stillKnown(kept.retired, clock.now()),
  ];
  for (const { name, value } of known) hold(everHeld, name, value);

  let queue: Promise<unknown> = Promise.resolve();
  /** One change after the other; memory follows the disk, never the other way round. */
  const change = (decide: (before: Kept) => Kept): Promise<void> => {
    const done = queue.then(async () => {
      const next = decide(kept);
      if (next === kept) return;
      const written = { ...next, retired: stillKnown(next.retired, clock.now()) };
      await writeDurably(path, await vault.seal(written));
      kept = written;
    });
    queue = done.catch(() => undefined);
    return done;
  };
  const settle = (name: string, signed: string | null) =>
    change((before) => settled(before, name, signed, toTimestamp(clock.now())));
  const reveal = (name: string, host: string, port?: number) => {
    const secret = kept.secrets.get(name);
    if (!secret) throw unknown(name);
    if (!createHostList(secret.hosts)(host, port)) throw undeclared(name, host);
    return secret.value;
  };

  return {
    stage: async (staged) => {
      checkSecret(staged.name, staged.value, staged.hosts);
      hold(everHeld, staged.name, staged.value);
      const entry = { ...staged, hosts: [...staged.hosts] };
      await change((before) => ({ ...before, staged: [...before.staged, entry] }));
    },
    drop: (name, commitment) =>
      // one of them: the same may have been sent twice at once, and the other one was signed
      change((before) => {
        const at = before.staged.findIndex((one) => isSame(one, name, commitment));
        return at < 0 ? before : { ...before, staged: before.staged.toSpliced(at, 1) };
      }),
    settle: async (name, signed) => {
      await settle(name, signed);
      const secret = kept.secrets.get(name);
      return secret && describe(secret);
    },
    repair: async (signedOf) => {
      for (const name of new Set([...kept.secrets.keys(), ...kept.staged.map((one) => one.name)])) {
        await settle(name, await signedOf(name));
      }
      await change((before) => (before.staged.length === 0 ? before : { ...before, staged: [] }));
    },
    list: () => [...kept.secrets.values()].map(describe).sort((a, b) => (a.name < b.name ? -1 : 1)),
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
    own: (name) => {
      const secret = kept.secrets.get(name);
      return secret?.hosts.length === 0 ? secret.value : undefined;
    },
    *values() {
      for (const [name, held] of everHeld) for (const value of held) yield { name, value };
    },
  };
}

/** `hook.shop.2` has dots: nobody can make or change one by hand */
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$|^hook(\.[a-z0-9-]{1,40}){2}$/;
/** these are for checks in this house, so they are the ones without a host */
const CHECKED_HERE = /^hook\./;
/** anything shorter is found by chance, in ids too, so no redactor can guard it */
const MIN_VALUE_CHARACTERS = 8;
const MAX_VALUE_CHARACTERS = 65_536; // a certificate chain fits

/** The secrets with what the log says of one of them; the very same where nothing changes. */
function settled(before: Kept, name: string, signed: string | null, changedAt: string): Kept {
  const { secrets, staged } = before;
  const old = secrets.get(name);
  if (signed === null) {
    if (!old) return before;
    const next = new Map(secrets);
    next.delete(name);
    return { ...before, secrets: next, retired: retire(before, old, changedAt) };
  }
  const found = staged.find((one) => isSame(one, name, signed));
  if (!found || old?.commitment === signed) return before;
  const secret = { ...found, version: (old?.version ?? 0) + 1, changedAt };
  const rest = staged.filter((one) => one !== found);
  const retired = retire(before, old, changedAt);
  return { secrets: new Map(secrets).set(name, secret), staged: rest, retired };
}

/** A value that counts no more is still secret: it may be valid elsewhere, and quoted in old errors. */
const RETIRED_MS = 90 * 86_400_000;
/** values; each one more is looked for in everything that is written */
const RETIRED_MAX = 100;

function retire({ retired }: Kept, old: Secret | undefined, at: string): Kept['retired'] {
  return old ? [...retired, { name: old.name, value: old.value, retiredAt: at }] : retired;
}

/** The newest of those that were retired within the time that they are looked for. */
function stillKnown(retired: Kept['retired'], now: number): Kept['retired'] {
  const young = retired.filter(({ retiredAt }) => now - Date.parse(retiredAt) < RETIRED_MS);
  return young.slice(-RETIRED_MAX);
}

function isSame(staged: StagedSecret, name: string, commitment: string): boolean {
  return staged.name === name && staged.commitment === commitment;
}

function checkSecret(name: string, value: string, hosts: readonly HostPattern[]): void {
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
  if (CHECKED_HERE.test(name)) {
    if (hosts.length > 0) throw invalid('hosts', 'The secret of a hook is sent nowhere.');
    return;
  }
  if (hosts.length === 0) throw invalid('hosts', 'Name at least one host it may be sent to.');
  if (hosts.includes('*')) throw invalid('hosts', 'A secret is for named hosts, not for all.');
  createHostList(hosts);
}

const stagedSchema = z.strictObject({
  name: z.string().regex(NAME),
  value: z.string(),
  hosts: z.array(z.string()),
  /** none in files of before values were signed */
  commitment: z.string().default(''),
});
const secretSchema = stagedSchema.extend({
  version: z.int().positive(),
  changedAt: z.iso.datetime(),
});
const retiredSchema = z.strictObject({
  name: z.string().regex(NAME),
  value: z.string(),
  retiredAt: z.iso.datetime(),
});
const fileSchema = z.strictObject({
  v: z.literal(1),
  secrets: z.array(secretSchema),
  staged: z.array(stagedSchema).default([]),
  retired: z.array(retiredSchema).default([]),
});
type Secret = z.infer<typeof secretSchema>;

interface Kept {
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly staged: readonly z.infer<typeof stagedSchema>[];
  /** replaced and removed ones, oldest first: given out to nobody, only recognised */
  readonly retired: readonly z.infer<typeof retiredSchema>[];
}

interface Vault {
  readonly seal: (kept: Kept) => Promise<Uint8Array>;
  readonly open: (sealed: Uint8Array) => Promise<Kept>;
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
    seal: ({ secrets, staged, retired }) =>
      encrypt(identity, JSON.stringify({ v: 1, secrets: [...secrets.values()], staged, retired })),
    async open(sealed) {
      const text = await decrypt(identity, sealed);
      try {
        const { secrets, ...rest } = fileSchema.parse(JSON.parse(text ?? ''));
        return { secrets: new Map(secrets.map((secret) => [secret.name, secret])), ...rest };
      } catch {
        // never the parser's words: they may quote a value
        throw failure(
          'payload_damaged',
          'The file that keeps your secrets is damaged.',
          {},
          'Put secrets.age back from your backup, or remove the secrets.* files and enter your secrets again.',
        );
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
