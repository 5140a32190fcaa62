import manifest from '../package.json' with { type: 'json' };
import { readFailpoints } from './adapter/failpoints.ts';
import { holdsCompany } from './adapter/home-directory.ts';
import { createSystemClock } from './adapter/system-clock.ts';
import {
  createCliPorts,
  exampleHome,
  type Places,
  placesOf,
  sayProblem,
  stopAtOnce,
} from './command-line.ts';
import { failure } from './contract/index.ts';
import type { ServeOnboardingOptions } from './serve-onboarding.ts';
import { loadCli, type ServeOptions } from './surface/index.ts';

/** The roof: arguments and environment in, exit code out. Everything is made here and handed down. */
export async function main(argv: readonly string[]): Promise<void> {
  const { env, stdout } = process;
  // whoever reads our output may stop reading
  stdout.on('error', () => process.exit(0));
  const isStart = argv[0] === 'start';
  try {
    const places = placesOf(env, argv[0] === 'init');
    if (isStart) {
      refuseOptions(argv.slice(1));
      await serve({ start: true }, places);
      return;
    }
    const ports = createCliPorts({
      ...{ env, places, version: manifest.version },
      serve: (options) => serve(options, places),
    });
    const { runCli } = await loadCli();
    process.exitCode = await runCli(ports, argv);
  } catch (error) {
    const out = (text: string | Uint8Array): void => void stdout.write(text);
    const err = (text: string): void => void process.stderr.write(text);
    const { tell } = await loadCli();
    process.exitCode = tell({ out, err }, error, argv.includes('--json'));
  }
}

/** What was typed and does nothing would be missed later. */
function refuseOptions(given: readonly string[]): void {
  if (given.length === 0) return;
  throw failure(
    'invalid_input',
    `npm start takes no options; it was given ${given.join(' ')}.`,
    { path: given[0] ?? '', found: given },
    'Say it before the command: STEWARD_PORT=4790 npm start. Or serve a home with: ./steward up --port 4790',
  );
}

/** Serves until SIGINT or SIGTERM. One line on stdout says when and where. */
async function serve(options: ServeOptions, places: Places): Promise<void> {
  const { env } = process;
  const clock = createSystemClock(env.STEWARD_NOW);
  const version = manifest.version;
  const home = options.start ? await homeToStart(places.home, clock, version) : places.home;
  const failpoints = readFailpoints(env.STEWARD_FAILPOINT);
  const wanted = options.port ?? portIn(env.STEWARD_PORT);
  const common = {
    ...{ home, clock, version, report: sayProblem, onFatal: stopAtOnce },
    ...(env.STEWARD_PUBLIC_URL ? { publicUrl: env.STEWARD_PUBLIC_URL } : {}),
  };
  const founded =
    options.start && !holdsCompany(home) ? await onboard(common, places, wanted) : undefined;
  if (founded?.status === 'stopped') return;
  const port = founded?.port ?? wanted;
  const { serveHome } = await import('./serve-home.ts');
  const served = await serveHome({
    ...{ ...common, isTestClock: clock.isTest },
    ...(port === undefined ? {} : { port }),
    ...(failpoints ? { failpoints } : {}),
  });
  // listens before it says that it is ready: who reads the line may stop it at once
  const stop = founded?.stop ?? toldToStop();
  sayReady(served, home);
  await stop;
  await served.close();
}

/** Serves the page's form until a company was made with it, or until it is told to stop. */
async function onboard(
  common: Omit<ServeOnboardingOptions, 'port' | 'cli'>,
  places: Places,
  port: number | undefined,
) {
  const cli = createCliPorts({
    ...{ env: process.env, places: { ...places, home: common.home }, version: common.version },
    serve: (options) => serve(options, places),
  });
  const { serveOnboarding } = await import('./serve-onboarding.ts');
  const served = await serveOnboarding({
    ...{ ...common, cli },
    ...(port === undefined ? {} : { port }),
  });
  const stop = toldToStop();
  sayReady(served, common.home);
  const status = await Promise.race([
    served.founded.then(() => 'founded' as const),
    stop.then(() => 'stopped' as const),
  ]);
  await served.close();
  return { status, stop, port: served.port };
}

function sayReady(
  { url, signIn }: { readonly url: string; readonly signIn: string },
  home: string,
) {
  process.stdout.write(`ready ${url} home=${home} sign-in=${signIn}\n`);
}

/** `npm start` without a company makes the example; where none is wanted, the home stays empty. */
async function homeToStart(
  ownHome: string,
  clock: ReturnType<typeof createSystemClock>,
  version: string,
): Promise<string> {
  const { env } = process;
  // where `init` would put it: an example that lies about is not what is wanted
  if (env.STEWARD_EXAMPLE === '0') return placesOf(env, true).home;
  if (holdsCompany(ownHome)) return ownHome;
  const home = exampleHome(env);
  if (holdsCompany(home)) return home;
  const { foundExample } = await import('./found-home.ts');
  await foundExample({ home, clock, version });
  return home;
}

function portIn(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw failure(
    'usage',
    `STEWARD_PORT is not a port: "${text.slice(0, 20)}".`,
    {},
    'Use 0 to 65535.',
  );
}

/** The first signal ends it gently, a second one at once. */
function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    let told = false;
    const stop = (): void => {
      if (told) process.exit(130);
      told = true;
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
