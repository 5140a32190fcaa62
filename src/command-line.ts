import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceKeyFile } from './adapter/device-key-file.ts';
import { errorCode, storeFailure } from './adapter/durable-file.ts';
import { type Failpoints, readFailpoints } from './adapter/failpoints.ts';
import { holdsCompany } from './adapter/home-directory.ts';
import { localServer } from './adapter/local-socket.ts';
import { createSystemClock } from './adapter/system-clock.ts';
import { type Failure, failure, toFailure } from './contract/index.ts';
import type { OpenHome } from './open-home.ts';
import type { App, CliDevice, CliPorts, Door, ServeOptions } from './surface/index.ts';

export type Environment = { readonly [name: string]: string | undefined };

/** Where things are, by the environment (INTERFACES). */
export interface Places {
  readonly home: string;
  readonly deviceKey: string;
}

/** The home of this command: what is named, else the operator's own, else the example's if only that exists. */
export function placesOf(env: Environment, isInit: boolean): Places {
  const data = env.XDG_DATA_HOME || join(homedir(), '.local', 'share');
  const config = env.XDG_CONFIG_HOME || join(homedir(), '.config');
  const own = join(data, 'steward');
  const example = exampleHome(env);
  const usual = isInit || holdsCompany(own) || !holdsCompany(example) ? own : example;
  return {
    home: resolve(env.STEWARD_HOME || usual),
    deviceKey: resolve(env.STEWARD_DEVICE_KEY || join(config, 'steward', 'device.key')),
  };
}

/** Where `npm start` puts the example company. */
export function exampleHome(env: Environment): string {
  const data = env.XDG_DATA_HOME || join(homedir(), '.local', 'share');
  return env.STEWARD_HOME ? resolve(env.STEWARD_HOME) : join(data, 'steward-example');
}

/** The command line of this process: its streams, its files, its environment. */
export function createCliPorts(options: {
  readonly env: Environment;
  readonly places: Places;
  readonly version: string;
  readonly serve: (options: ServeOptions) => Promise<void>;
}): CliPorts {
  const { env, places, version } = options;
  const { stdin, stdout, stderr } = process;
  const clock = createSystemClock(env.STEWARD_NOW);
  const failpoints = readFailpoints(env.STEWARD_FAILPOINT);
  return {
    version,
    home: places.home,
    serve: options.serve,
    door: createDoor({ home: places.home, version, clock, ...(failpoints ? { failpoints } : {}) }),
    out: (text) => {
      stdout.write(text);
    },
    err: (text) => {
      stderr.write(text);
    },
    terminal: {
      input: stdin.isTTY === true,
      output: stdout.isTTY === true,
      columns: stdout.columns || 80,
      colour: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
    },
    readFile: readPieces,
    writeFile: async (path, bytes) => {
      if (path === '-') stdout.write(bytes);
      else await writeFile(path, bytes);
    },
    prompt: ask,
    random: (bytes) => randomBytes(bytes),
    deviceKey: {
      load: async () => {
        const { loadDeviceKey } = await import('./adapter/device-key-file.ts');
        return asDevice(await loadDeviceKey(places.deviceKey));
      },
      loadOrCreate: async (passphrase) => {
        const { loadOrCreateDeviceKey } = await import('./adapter/device-key-file.ts');
        const given = passphrase === undefined ? {} : { passphrase };
        const device = asDevice(await loadOrCreateDeviceKey(places.deviceKey, given));
        if (device) return device;
        throw failure('wrong_key', `The device key is gone: ${places.deviceKey}`);
      },
      renew: async (passphrase) => {
        const { loadOrCreateDeviceKey } = await import('./adapter/device-key-file.ts');
        // one that an interrupted try left behind was never enrolled
        const next = `${places.deviceKey}.next`;
        await rm(next, { force: true });
        const device = asDevice(await loadOrCreateDeviceKey(next, { passphrase }));
        if (!device) throw failure('wrong_key', `The device key is gone: ${next}`);
        return { device, keep: () => rename(next, places.deviceKey) };
      },
    },
    recoveryKey: async (printed) => {
      const { readRecoveryKey } = await import('./adapter/recovery-key.ts');
      return (await readRecoveryKey(printed)).privateKey;
    },
    found: async (company, device, logo) => {
      if (clock.isTest) throw failure('clock_refused', 'A test clock works in sandbox homes only.');
      const { createRecoveryKey } = await import('./adapter/recovery-key.ts');
      const { cliDevice, foundHome } = await import('./found-home.ts');
      const recovery = createRecoveryKey();
      await foundHome(
        { home: places.home, clock, version },
        {
          ...{ company, mode: 'live', recovery: recovery.publicKey },
          device: cliDevice(device, clock),
          ...(logo ? { logo } : {}),
        },
      );
      return { recovery: recovery.printable };
    },
  };
}

interface DoorOptions {
  readonly home: string;
  readonly version: string;
  readonly clock: ReturnType<typeof createSystemClock>;
  readonly failpoints?: Failpoints;
}

/** a server that starts or stops at this moment is waited for */
const PATIENCE_MS = 3_000;
const TRY_MS = 50;

/** The server of this home if there is one, else the home itself, opened at the first request. */
function createDoor(options: DoorOptions): Door {
  const server = localServer(options.home);
  let here: { readonly home: OpenHome; readonly app: App } | undefined;
  let isServed = false;
  let resumed = false;

  async function openOrFindServer(): Promise<void> {
    for (let waited = 0; ; waited += TRY_MS) {
      isServed = await server.isThere();
      if (isServed) return;
      try {
        here = await openHere(options);
        return;
      } catch (error) {
        if (toFailure(error).code !== 'home_busy' || waited >= PATIENCE_MS) throw error;
        await sleep(TRY_MS);
      }
    }
  }

  return {
    fetch: async (request) => {
      if (!here && !isServed) await openOrFindServer();
      if (!here) return server.fetch(request);
      if (request.method !== 'GET' && !resumed && !isReadOnly(request)) {
        resumed = true;
        await here.home.resume();
      }
      return here.app.fetch(request, { door: 'local' });
    },
    close: async () => {
      const { home } = here ?? {};
      here = undefined;
      await home?.quiet();
      await home?.close();
    },
  };
}

/** Looking at a log that may be broken must not add to it. */
function isReadOnly(request: Request): boolean {
  return new URL(request.url).pathname === '/api/log/verify';
}

async function openHere({ home, version, clock, failpoints }: DoorOptions) {
  const { openHome } = await import('./open-home.ts');
  const { createApp } = await import('./surface/index.ts');
  const opened = await openHome({
    ...{ home, version, clock, isTestClock: clock.isTest, patienceMs: 0 },
    origins: () => [],
    report: sayProblem,
    onFatal: stopAtOnce,
    ...(failpoints ? { failpoints } : {}),
  });
  const app = createApp({
    ...{ services: opened.services, assets: new Map(), origins: () => [] },
    report: (error) => sayProblem(toFailure(error)),
  });
  return { home: opened, app };
}

/** A defect that nobody waits for: one line, no stack, for whoever runs this process. */
export function sayProblem(problem: Failure): void {
  process.stderr.write(`${problem.code}: ${problem.message}\n`);
}

/** What the disk refused to keep must not be built upon. */
export function stopAtOnce(reason: Error): void {
  process.stderr.write(`${reason.message}\n`);
  process.exit(1);
}

function asDevice(file: DeviceKeyFile | undefined): CliDevice | undefined {
  if (!file) return undefined;
  const { device: id, publicKey, assurance, unlock } = file;
  return { id, name: hostname() || 'this machine', publicKey, assurance, unlock };
}

async function* readPieces(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of path === '-' ? process.stdin : createReadStream(path)) {
      yield piece as Uint8Array; // no encoding is set, so pieces are buffers
    }
  } catch (error) {
    throw errorCode(error) === 'ENOENT' || errorCode(error) === 'EISDIR'
      ? failure('not_found', `There is no file ${path}.`, { path }, 'Check the name.')
      : storeFailure(error, path);
  }
}

async function ask(question: string, hidden = false): Promise<string> {
  const { stdin, stdout, stderr } = process;
  if (!hidden) {
    const lines = createInterface({ input: stdin, output: stdout.isTTY ? stdout : stderr });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  }
  stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: stdin.isTTY === true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    stderr.write('\n');
  }
}
