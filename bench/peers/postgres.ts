import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import {
  type Account,
  BARE_ENV,
  createScratch,
  freePort,
  type PeerServer,
  runProgram,
  startChild,
  whenReady,
} from './server.ts';

const DEBIAN_ROOT = '/usr/lib/postgresql';
const PROGRAMS = ['initdb', 'postgres', 'psql'] as const;
type Program = (typeof PROGRAMS)[number];

/**
 * Starts a temporary PostgreSQL cluster under `directory`: loopback only, a free port, a random password,
 * every other setting as PostgreSQL ships it. Rejects where PostgreSQL is not installed.
 */
export async function startPostgres(directory: string, signal: AbortSignal): Promise<PeerServer> {
  const binaries = findBinaries();
  if (binaries === undefined) {
    throw new Error('PostgreSQL is not installed (on Debian: apt-get install postgresql)');
  }
  await using started = new AsyncDisposableStack();
  const account = unprivilegedAccount();
  const scratch = started.use(createScratch(directory, account));
  const options = { cwd: scratch.path, ...account };
  const run = (program: Program, args: readonly string[], env = BARE_ENV): Promise<string> =>
    runProgram(join(binaries, program), args, signal, { ...options, env });

  const password = randomBytes(16).toString('hex');
  const passwordFile = join(scratch.path, 'password');
  // Written by us, read by `account`: the directory around it keeps everybody else out.
  writeFileSync(passwordFile, password);
  const data = join(scratch.path, 'data');
  const security = ['-U', 'bench', '-A', 'scram-sha-256', '--pwfile', passwordFile];
  await run('initdb', ['-D', data, '-E', 'UTF8', ...security]);

  const port = String(await freePort());
  const server = started.use(
    startChild(
      join(binaries, 'postgres'),
      ['-D', data, '-h', '127.0.0.1', '-p', port, '-k', ''],
      options,
      // PostgreSQL's "fast" and "immediate" shutdown; SIGKILL would leave its shared memory behind.
      { politely: 'SIGINT', atOnce: 'SIGQUIT' },
    ),
  );
  const address = `127.0.0.1:${port}`;
  const question = [`postgresql://bench@${address}/postgres`, '-XAtc'];
  const env = { ...BARE_ENV, PGPASSWORD: password };
  const ask = (sql: string): Promise<string> => run('psql', [...question, sql], env);
  const version = await whenReady(server, () => ask('SHOW server_version'), signal);
  const durability = await ask(
    `SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings
     WHERE name IN ('fsync', 'synchronous_commit', 'wal_sync_method')`,
  );

  const owned = started.move();
  return {
    connection: { DATABASE_URL: `postgresql://bench:${password}@${address}/dbos` },
    version: `PostgreSQL ${version.split(' ')[0]}`,
    durability,
    syncs: async () => Number(await ask('SELECT wal_sync FROM pg_stat_wal')),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Installs PostgreSQL with Debian's package where it is missing and we are root; else changes nothing. */
export async function installPostgres(signal: AbortSignal): Promise<void> {
  if (findBinaries() !== undefined || process.getuid?.() !== 0) return;
  const options = { env: { ...BARE_ENV, DEBIAN_FRONTEND: 'noninteractive' } };
  await runProgram('apt-get', ['update'], signal, options);
  const install = ['install', '--yes', '--no-install-recommends', 'postgresql'];
  await runProgram('apt-get', install, signal, options);
}

/** The directory that holds PostgreSQL's programs: on the path, else Debian's newest. */
function findBinaries(): string | undefined {
  const onPath = BARE_ENV.PATH.split(delimiter)
    .map((directory) => join(directory, 'postgres'))
    .filter((program) => existsSync(program))
    .map((program) => dirname(realpathSync(program)));
  const versions = existsSync(DEBIAN_ROOT) ? readdirSync(DEBIAN_ROOT) : [];
  const debian = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN_ROOT, version, 'bin'));
  return [...onPath, ...debian].find((directory) =>
    PROGRAMS.every((program) => existsSync(join(directory, program))),
  );
}

/** PostgreSQL refuses to run as root: there it runs as `postgres`, else as `nobody`. */
function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL refuses to run as root, and there is no user postgres or nobody');
}
