// Measures the peers: `node bench/peers/run.ts [--json] [--install]` after `npm ci --prefix bench/peers`.
import { readFileSync, statfsSync } from 'node:fs';
import { arch, cpus, platform, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installPostgres, startPostgres } from './postgres.ts';
import { startRestate } from './restate-server.ts';
import { BARE_ENV, endsWell, type PeerServer, startChild } from './server.ts';
import { FIGURE_IDS, type Figures, type Measurement } from './workload.ts';

/** One peer: its figures, or why there are none. */
export type PeerResult =
  | ({
      readonly status: 'measured';
      /** The SDK in this process's role, then the server: `SDK 5.3.0, PostgreSQL 15.18`. */
      readonly version: string;
      /** The settings under which it was measured, as the server says. */
      readonly durability: string;
      /** How often its log was synced over the whole measurement. */
      readonly syncs: number;
    } & Figures)
  | { readonly status: 'unavailable'; readonly reason: string };

/** All peers of one run, on one machine, one after the other. */
export interface PeerReport {
  readonly machine: string;
  readonly peers: Readonly<Record<PeerName, PeerResult>>;
}

export interface PeerOptions {
  /** Where the servers keep their files; measure ours on the same disk. Default: the system's temporary directory. */
  readonly directory?: string;
  /** Whether a missing PostgreSQL may be installed (root on Debian). Default: false. */
  readonly install?: boolean;
}

export type PeerName = keyof typeof PEERS;

interface Peer {
  /** The package whose version names the peer. */
  readonly sdk: string;
  /** The program that measures it, in a process of its own. */
  readonly program: string;
  readonly start: (directory: string, signal: AbortSignal) => Promise<PeerServer>;
}

const PEERS = {
  dbos: { sdk: '@dbos-inc/dbos-sdk', program: 'dbos.ts', start: startPostgres },
  restate: { sdk: '@restatedev/restate-sdk', program: 'restate.ts', start: startRestate },
} as const satisfies Record<string, Peer>;

/** A peer takes half a minute on two cores; two peers at this limit stay under five minutes. */
const PEER_LIMIT_MS = 150_000;
/** Two downloads of apt-get; apart from the limit above, because it happens once per machine. */
const INSTALL_LIMIT_MS = 300_000;
const TMPFS_MAGIC = 0x01021994;
const QUIT_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Measures every peer, one after the other. A peer that cannot be measured is reported as unavailable
 * with the reason. When this process is asked to quit, everything started is stopped before it does.
 */
export async function measurePeers(options: PeerOptions = {}): Promise<PeerReport> {
  const { directory = tmpdir(), install = false } = options;
  using quit = listenForQuit();
  try {
    if (install) await installPostgres(withLimit(quit.signal, INSTALL_LIMIT_MS));
  } catch (error) {
    quit.signal.throwIfAborted();
    process.stderr.write(`PostgreSQL could not be installed: ${reasonOf(error)}\n`);
  }
  const dbos = await measurePeer(PEERS.dbos, directory, quit.signal);
  const restate = await measurePeer(PEERS.restate, directory, quit.signal);
  return { machine: describeMachine(directory), peers: { dbos, restate } };
}

async function measurePeer(peer: Peer, directory: string, quit: AbortSignal): Promise<PeerResult> {
  const signal = withLimit(quit, PEER_LIMIT_MS);
  try {
    const sdk = installedVersion(peer.sdk);
    await using server = await peer.start(directory, signal);
    const before = await server.syncs();
    const { steps, oneByOne, ...figures } = await runMeasurement(peer, server, signal);
    const syncs = (await server.syncs()) - before;
    const { version, durability } = server;
    if (syncs < oneByOne) {
      const facts = `${syncs} syncs for ${oneByOne} of ${steps} steps one by one, ${durability}`;
      throw new Error(`it did not sync every step (${facts})`);
    }
    return { status: 'measured', version: `SDK ${sdk}, ${version}`, durability, syncs, ...figures };
  } catch (error) {
    quit.throwIfAborted();
    return { status: 'unavailable', reason: reasonOf(error) };
  }
}

/** Runs the measuring program to its end and resolves with the figures it sent. */
async function runMeasurement(
  peer: Peer,
  server: PeerServer,
  signal: AbortSignal,
): Promise<Measurement> {
  const program = join(import.meta.dirname, peer.program);
  await using child = startChild(process.execPath, [program], {
    env: { ...BARE_ENV, ...server.connection },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let measured: Measurement | undefined;
  child.process.once('message', (message) => {
    // Our own program, started two lines above, sends one message: its Measurement.
    measured = message as Measurement;
  });
  await endsWell(child, peer.program, signal);
  if (measured === undefined) throw new Error(`${peer.program} ended without figures`);
  return measured;
}

/** Turns the wish to quit into an abort; once all is stopped and the scope ends, the wish is granted. */
function listenForQuit(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  let wish: NodeJS.Signals | undefined;
  const listen = (signal: NodeJS.Signals): void => {
    wish = signal;
    controller.abort(new Error(`stopped by ${signal}`));
  };
  for (const signal of QUIT_SIGNALS) process.on(signal, listen);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of QUIT_SIGNALS) process.removeListener(signal, listen);
      if (wish !== undefined) process.kill(process.pid, wish);
    },
  };
}

function withLimit(quit: AbortSignal, limitMs: number): AbortSignal {
  return AbortSignal.any([quit, AbortSignal.timeout(limitMs)]);
}

function installedVersion(name: string): string {
  const file = join(import.meta.dirname, 'node_modules', name, 'package.json');
  try {
    return /"version":\s*"([^"]+)"/.exec(readFileSync(file, 'utf8'))?.[1] ?? 'unknown';
  } catch {
    throw new Error(`${name} is not installed (npm ci --prefix bench/peers)`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'it took too long';
  return error instanceof Error ? error.message : String(error);
}

/** What the figures depend on. In memory, syncs are free, so the figures say little: that is said too. */
function describeMachine(directory: string): string {
  const cores = cpus();
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  const disk =
    statfsSync(directory).type === TMPFS_MAGIC ? 'files in memory (tmpfs)' : 'files on disk';
  const system = `${platform()} ${arch()}, Node ${process.versions.node}`;
  return `${cores.length} cores ${cores[0]?.model.trim()}, ${memoryGb} GB, ${system}, ${disk}`;
}

function formatReport({ machine, peers }: PeerReport): string {
  const lines = Object.entries(peers).flatMap(([name, result]) => {
    if (result.status === 'unavailable') return ['', `${name}: unavailable, ${result.reason}`];
    return [
      '',
      `${name}: ${result.version} (${result.durability}; ${result.syncs} syncs)`,
      ...FIGURE_IDS.map((id) => `  ${id.padEnd(18)}${String(result[id]).padStart(8)} 1/s`),
    ];
  });
  return [machine, ...lines].join('\n');
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, install: { type: 'boolean' } },
  });
  const report = await measurePeers({
    install: values.install === true || process.env.CI !== undefined,
  });
  process.stdout.write(`${values.json ? JSON.stringify(report, null, 2) : formatReport(report)}\n`);
}
