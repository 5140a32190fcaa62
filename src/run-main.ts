import manifest from '../package.json' with { type: 'json' };
import { readFailpoints } from './adapter/failpoints.ts';
import { holdsCompany } from './adapter/home-directory.ts';
import { createSystemClock } from './adapter/system-clock.ts';
import { createCliPorts, exampleHome, placesOf, sayProblem, stopAtOnce } from './command-line.ts';
import { failure } from './contract/index.ts';
import { runCli, type ServeOptions, tell } from './surface/index.ts';

/** The roof: arguments and environment in, exit code out. Everything is made here and handed down. */
export async function main(argv: readonly string[]): Promise<void> {
  const { env, stdout } = process;
  // whoever reads our output may stop reading
  stdout.on('error', () => process.exit(0));
  const isStart = argv[0] === 'start';
  try {
    const places = placesOf(env, argv[0] === 'init');
    if (isStart) {
      await serve({ start: true }, places.home);
      return;
    }
    const ports = createCliPorts({
      ...{ env, places, version: manifest.version },
      serve: (options) => serve(options, places.home),
    });
    process.exitCode = await runCli(ports, argv);
  } catch (error) {
    const out = (text: string | Uint8Array): void => void stdout.write(text);
    const err = (text: string): void => void process.stderr.write(text);
    process.exitCode = tell({ out, err }, error, argv.includes('--json'));
  }
}

/** Serves until SIGINT or SIGTERM. One line on stdout says when and where. */
async function serve(options: ServeOptions, ownHome: string): Promise<void> {
  const { env } = process;
  const clock = createSystemClock(env.STEWARD_NOW);
  const version = manifest.version;
  const home = options.start ? await homeToStart(ownHome, clock, version) : ownHome;
  const failpoints = readFailpoints(env.STEWARD_FAILPOINT);
  const port = options.port ?? portIn(env.STEWARD_PORT);
  const { serveHome } = await import('./serve-home.ts');
  const served = await serveHome({
    ...{ home, clock, version, isTestClock: clock.isTest, report: sayProblem, onFatal: stopAtOnce },
    ...(port === undefined ? {} : { port }),
    ...(env.STEWARD_PUBLIC_URL ? { publicUrl: env.STEWARD_PUBLIC_URL } : {}),
    ...(failpoints ? { failpoints } : {}),
  });
  process.stdout.write(`ready ${served.url} home=${home} sign-in=${served.signIn}\n`);
  await toldToStop();
  await served.close();
}

/** `npm start` without a company makes the example, unless the operator wants none. */
async function homeToStart(
  ownHome: string,
  clock: ReturnType<typeof createSystemClock>,
  version: string,
): Promise<string> {
  if (holdsCompany(ownHome)) return ownHome;
  const home = exampleHome(process.env);
  if (holdsCompany(home)) return home;
  if (process.env.STEWARD_EXAMPLE === '0') {
    throw failure('no_company', `There is no company in ${home}.`, { home });
  }
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
