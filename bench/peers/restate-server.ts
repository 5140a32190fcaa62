import { createRequire } from 'node:module';
import {
  BARE_ENV,
  createScratch,
  freePort,
  type PeerServer,
  runProgram,
  startChild,
  whenReady,
} from './server.ts';

/**
 * Starts the Restate server that npm carries, under `directory`: loopback only, free ports, no telemetry,
 * every other setting as Restate ships it. Rejects where npm has no server for this machine.
 */
export async function startRestate(directory: string, signal: AbortSignal): Promise<PeerServer> {
  const binary = findBinary();
  await using started = new AsyncDisposableStack();
  const scratch = started.use(createScratch(directory));
  const admin = `127.0.0.1:${await freePort()}`;
  const ingress = `127.0.0.1:${await freePort()}`;
  const node = `127.0.0.1:${await freePort()}`;
  const options = {
    cwd: scratch.path,
    env: {
      ...BARE_ENV,
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_ADDRESS: node,
      RESTATE_ADMIN__BIND_ADDRESS: admin,
      RESTATE_INGRESS__BIND_ADDRESS: ingress,
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_ADMIN__DISABLE_WEB_UI: 'true',
      RESTATE_LOG_FILTER: 'warn',
      RESTATE_LOG_DISABLE_ANSI_CODES: 'true',
    },
  };
  const durability = logSyncSetting(await runProgram(binary, ['--dump-config'], signal, options));
  const server = started.use(
    startChild(binary, ['--base-dir', scratch.path, '--node-name', 'bench', '--no-logo'], options),
  );
  const version = await whenReady(
    server,
    async () => {
      await read(`http://${ingress}/restate/health`, signal);
      return versionIn(await read(`http://${admin}/version`, signal));
    },
    signal,
  );

  const owned = started.move();
  return {
    connection: { ADMIN_URL: `http://${admin}`, INGRESS_URL: `http://${ingress}` },
    version: `Restate ${version}`,
    durability,
    syncs: async () => logSyncs(await read(`http://${node}/metrics`, signal)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The server's program, from the package npm chose for this system and processor. */
function findBinary(): string {
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/restate-server`);
  } catch {
    throw new Error(`${name} is not installed (npm ci --prefix bench/peers)`);
  }
}

async function read(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return text;
}

function versionIn(text: string): string {
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}

/** Whether the store of the log syncs. Restate's other stores can be rebuilt from the log. */
function logSyncSetting(configuration: string): string {
  const value = /\[log-server\][^[]*?rocksdb-disable-wal-fsync = (\w+)/.exec(configuration)?.[1];
  return `log-server.rocksdb-disable-wal-fsync=${value ?? 'unknown'}`;
}

/** How often the store of the log has synced. */
function logSyncs(metrics: string): number {
  const line = /^restate_rocksdb_wal_synced_total\{[^}]*db="log-server"[^}]*\} (\d+)/m.exec(
    metrics,
  );
  if (line === null) throw new Error('Restate no longer counts the syncs of its log');
  return Number(line[1]);
}
