import { isJsonObject, type JsonObject } from '../../base/index.ts';
import { FAILURES, Failure, failure } from '../../contract/index.ts';
import { toPublicFailure } from '../http/problem.ts';
import { deviceEnrolOperation } from '../operations/devices.ts';
import type { Operation } from '../operations/operation.ts';
import { sessionOperation } from '../operations/session.ts';
import { OPERATIONS } from '../operations/table.ts';
import type { CliDevice, CliPorts } from './cli-ports.ts';
import { createClient } from './client.ts';
import { completionScript } from './completion.ts';
import type { FlowPorts, Outcome } from './flow.ts';
import { FLOWS, plainFlow } from './flows.ts';
import { plain } from './format.ts';
import { initCompany } from './init.ts';
import { nextCommand } from './next-command.ts';
import { type ParsedCommand, parseArguments } from './program.ts';
import { render } from './renderers.ts';
import type { Screen } from './screen.ts';

/** narrower terminals are served as if they were so wide */
const NARROWEST = 40;
const WIDEST = 100;

/** Runs one command line to its end. Answers the exit code (INTERFACES). */
export async function runCli(ports: CliPorts, argv: readonly string[]): Promise<number> {
  let json = argv.includes('--json');
  try {
    const parsed = parseArguments(argv, ports.version);
    if (parsed.status === 'help') {
      ports.out(parsed.text);
      return 0;
    }
    const { command } = parsed;
    json = command.json;
    return await runCommand(ports, command);
  } catch (error) {
    return tell(ports, error, json);
  } finally {
    await ports.door.close();
  }
}

async function runCommand(ports: CliPorts, command: ParsedCommand): Promise<number> {
  const { name, input, json } = command;
  switch (name) {
    case 'up':
      await ports.serve(typeof input.port === 'number' ? { port: input.port } : {});
      return 0;
    case 'completion':
      ports.out(completionScript(String(input.shell), ports.version));
      return 0;
    case 'init':
      return show(ports, name, await initCompany(ports, input), json, noScreen(ports));
    default:
      return runOperation(ports, command);
  }
}

async function runOperation(ports: CliPorts, command: ParsedCommand): Promise<number> {
  const operation = OPERATIONS.find(({ name }) => name === command.name);
  if (!operation) throw failure('internal', `No operation is called ${command.name}.`);
  let loaded: Promise<CliDevice | undefined> | undefined;
  const device = () => {
    loaded ??= ports.deviceKey.load();
    return loaded;
  };
  const client = createClient(ports.door, async () => (await device())?.id);
  const session = once(async () => {
    const answer = await client.ask(sessionOperation, {});
    return isJsonObject(answer) ? answer : {};
  });
  const enrolled = once(async () => {
    const known = await session();
    if (isJsonObject(known.device)) return mustLoad(await device());
    if (known.example !== true || known.mode !== 'sandbox') {
      throw failure(
        'not_authorised',
        "This machine's key is not one of your devices.",
        { home: ports.home },
        'Make it one with the recovery key from your paper: steward devices enrol --recovery',
      );
    }
    const created = await ports.deviceKey.loadOrCreate();
    loaded = Promise.resolve(created);
    const { id, name, publicKey, assurance } = created;
    await client.ask(deviceEnrolOperation, { device: { id, name, publicKey, assurance } });
    return created;
  });
  const screen = once(async () => toScreen(ports, await session()));
  const flowPorts: FlowPorts = { cli: ports, client, screen, device: enrolled, json: command.json };
  if (wantsDevice(operation, await device(), command)) await tryEnrol(session, enrolled);
  const flow = FLOWS[operation.name] ?? plainFlow;
  const outcome = await flow(flowPorts, operation, command.input);
  return show(ports, operation.name, outcome, command.json, screen);
}

/** What a person types counts as theirs only from a device that is enrolled. */
function wantsDevice(operation: Operation, device: CliDevice | undefined, command: ParsedCommand) {
  return (
    operation.access === 'operate' && device === undefined && !command.name.startsWith('device')
  );
}

/** In an example the first use enrols; elsewhere a command that needs no signature goes on without. */
async function tryEnrol(
  session: () => Promise<JsonObject>,
  enrolled: () => Promise<CliDevice>,
): Promise<void> {
  if ((await session()).example === true) await enrolled();
}

function mustLoad(device: CliDevice | undefined): CliDevice {
  if (device) return device;
  throw failure('not_authorised', "This machine's key is gone.");
}

async function show(
  ports: CliPorts,
  name: string,
  { data, shown = data, exit = 0 }: Outcome,
  json: boolean,
  screen: () => Promise<Screen>,
): Promise<number> {
  if (json) {
    ports.out(`${JSON.stringify({ ok: true, data })}\n`);
    return exit;
  }
  ports.out(`${render(name, shown, await screen()).join('\n')}\n`);
  const next = nextCommand(name, data);
  if (next !== undefined) {
    // with the data where a person reads both, beside it where a program reads the data
    const say = ports.terminal.output ? ports.out : ports.err;
    say(`\nNext: ${next}\n`);
  }
  return exit;
}

/** Says what went wrong, as data or in words. Answers the exit code. */
export function tell(ports: Pick<CliPorts, 'out' | 'err'>, error: unknown, json: boolean): number {
  const problem = toPublicFailure(error);
  const exit = FAILURES[problem.code].exit;
  if (json) {
    ports.out(`${JSON.stringify({ ok: false, error: problem.toData() })}\n`);
    return exit;
  }
  ports.err(`${plain(problem.message)}\n${plain(problem.remedy)}\n`);
  if (problem.code === 'internal' && !(error instanceof Failure) && error instanceof Error) {
    ports.err(`${plain(error.message)}\n`);
  }
  return exit;
}

function toScreen(ports: CliPorts, session: JsonObject): Screen {
  const company = isJsonObject(session.company ?? null) ? (session.company as JsonObject) : {};
  const paint = (code: number) => (text: string) =>
    ports.terminal.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    width: Math.min(WIDEST, Math.max(NARROWEST, ports.terminal.columns)),
    zone: typeof company.zone === 'string' ? company.zone : 'UTC',
    bold: paint(1),
    warn: paint(33),
    stop: paint(31),
    ok: paint(32),
  };
}

function noScreen(ports: CliPorts): () => Promise<Screen> {
  return async () => toScreen(ports, {});
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
