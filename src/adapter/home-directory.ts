import { randomBytes } from 'node:crypto';
import { constants, existsSync, readdirSync, statSync } from 'node:fs';
import { access, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { failure } from '../contract/index.ts';
import {
  errorCode,
  makePrivateDirectory,
  PRIVATE_FILE_MODE,
  storeFailure,
  syncDirectory,
  writeDurably,
} from './durable-file.ts';

/** The names of a home (INTERFACES). */
export const HOME = {
  database: 'steward.db',
  sessions: 'sessions.db',
  blobs: 'blobs',
  keys: 'keys',
  checkpoints: 'checkpoints',
  spool: 'spool',
  config: 'config.yaml',
  stop: 'stop',
} as const;

/** entries that an otherwise empty directory may hold: file systems and editors leave them */
const NOTHING = new Set(['lost+found', '.DS_Store']);
/** where a company is made, so that a crash leaves none rather than half of one */
const FOUNDING = '.founding';
const DIRECTORIES = [
  'keys',
  'blobs',
  'checkpoints',
  'outbox',
  'sandbox',
  'site',
  'calendar',
] as const;

/** True if there is a company in this directory. */
export function holdsCompany(home: string): boolean {
  return existsSync(join(home, HOME.database));
}

/**
 * Makes a home: `found` fills the directory it is given, and only when it is done the home appears,
 * its database last. Fails with `home_not_empty`, `not_possible` (inside another home),
 * `store_read_only`, `disk_full`; then the home is as it was.
 */
export async function makeHome(
  home: string,
  found: (directory: string) => Promise<void>,
): Promise<void> {
  refuseNested(home);
  const names = existsSync(home) ? readdirSync(home).filter((name) => !NOTHING.has(name)) : [];
  const isLeftover = names.includes(FOUNDING) && !names.includes(HOME.database);
  if (names.length > 0 && !isLeftover) {
    throw failure('home_not_empty', `${home} is not empty.`, { home, found: names.slice(0, 10) });
  }
  // all of it was made by an attempt of ours that did not end
  for (const name of names) await rm(join(home, name), { recursive: true });
  const staging = join(home, FOUNDING);
  try {
    for (const name of DIRECTORIES) await makePrivateDirectory(join(staging, name));
    await writeDurably(join(staging, HOME.config), CONFIG);
    await found(staging);
    const made = readdirSync(staging).filter((name) => name !== HOME.database);
    for (const name of [...made, HOME.database])
      await rename(join(staging, name), join(home, name));
    await syncDirectory(home);
    await rm(staging, { recursive: true });
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw storeFailure(error, home);
  }
}

const CONFIG = `# Steward. No secrets here. What the environment says wins.
# port: 4747
# publicUrl: https://steward.example
`;

/** Fails with `not_possible` for a directory inside a home: one home is one company. */
export function refuseNested(home: string): void {
  const path = resolve(home);
  for (let above = dirname(path); above !== dirname(above); above = dirname(above)) {
    if (!holdsCompany(above)) continue;
    throw failure(
      'not_possible',
      `${path} lies inside the home of another company.`,
      { home: path, inside: above },
      'Choose a directory outside of it.',
    );
  }
}

/** Fails with `no_company`, `not_authorised` (others can open it), `store_read_only`. */
export async function checkHome(home: string): Promise<void> {
  refuseNested(home);
  if (!holdsCompany(home)) {
    throw failure('no_company', `There is no company in ${home}.`, { home });
  }
  const { mode } = statSync(home);
  if (process.platform !== 'win32' && (mode & 0o022) !== 0) {
    throw failure(
      'not_authorised',
      `Other users of this machine can write into ${home}.`,
      { home, mode: (mode & 0o777).toString(8) },
      `Close it with: chmod 700 ${home}`,
    );
  }
  try {
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw storeFailure(error, home);
  }
}

const configSchema = z.strictObject({
  port: z.int().min(0).max(65_535).exactOptional(),
  publicUrl: z.url().exactOptional(),
});
export type HomeConfig = z.infer<typeof configSchema>;

/** The home's `config.yaml`; empty where there is none. Fails with `invalid_input`. */
export async function readConfig(home: string): Promise<HomeConfig> {
  const path = join(home, HOME.config);
  try {
    const text = await readFile(path, 'utf8');
    if (!/^\s*[^\s#]/m.test(text)) return {}; // as it was made: comments only
    const { parse } = await import('yaml'); // most homes need none
    return configSchema.parse(parse(text) ?? {});
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {};
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    const where = issue ? `${issue.path.join('.')}: ${issue.message}` : 'it is not YAML';
    throw failure('invalid_input', `${path} cannot be read: ${where}.`, { path });
  }
}

/** Files and directories of the home that others may read, as `644 config.yaml`. */
export async function exposedFiles(home: string): Promise<readonly string[]> {
  if (process.platform === 'win32') return [];
  const names = ['', ...(await readdir(home)), ...(await keysOf(home))];
  const exposed: string[] = [];
  for (const name of names) {
    const { mode } = await stat(join(home, name));
    if ((mode & 0o077) !== 0) exposed.push(`${(mode & 0o777).toString(8)} ${name || home}`);
  }
  return exposed;
}

async function keysOf(home: string): Promise<readonly string[]> {
  try {
    return (await readdir(join(home, HOME.keys))).map((name) => join(HOME.keys, name));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Bytes free for this user, and whether the home can be written. */
export async function homeSpace(home: string) {
  const { bavail, bsize } = await statfs(home);
  const writable = await access(home, constants.W_OK).then(
    () => true,
    () => false,
  );
  const databaseBytes = (await stat(join(home, HOME.database))).size;
  return { freeBytes: bavail * bsize, writable, databaseBytes };
}

/** Keeps bytes aside in the home, to be read as often as needed, until they are removed. */
export async function spoolInto(home: string, bytes: AsyncIterable<Uint8Array>) {
  const directory = join(home, HOME.spool);
  await makePrivateDirectory(directory);
  const path = join(directory, `${randomBytes(8).toString('hex')}.part`);
  const remove = (): Promise<void> => rm(path, { force: true });
  try {
    const file = await open(path, 'wx', PRIVATE_FILE_MODE);
    try {
      for await (const part of bytes) await file.write(part);
    } finally {
      await file.close();
    }
  } catch (error) {
    await remove();
    throw storeFailure(error, path);
  }
  return { source: () => readPieces(path), remove };
}

async function* readPieces(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    for await (const part of file.createReadStream({ autoClose: false })) {
      yield part as Uint8Array; // no encoding is set, so pieces are buffers
    }
  } finally {
    await file.close();
  }
}
