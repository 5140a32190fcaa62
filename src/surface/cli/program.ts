import { Command, CommanderError, Option } from 'commander';
import type { Json, JsonObject } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import type { CliOption, CliShape } from '../operations/operation.ts';
import { OPERATIONS } from '../operations/table.ts';
import { PROCESS_COMMANDS } from './process-commands.ts';

/** A command line that was understood. */
export interface ParsedCommand {
  /** name of an operation or a process command */
  readonly name: string;
  readonly input: JsonObject;
  readonly json: boolean;
}

/** Help that was asked for, or a command line that is wrong. */
export type Parsed =
  | { readonly status: 'command'; readonly command: ParsedCommand }
  | { readonly status: 'help'; readonly text: string };

/** Reads the arguments by the one table. Fails with `usage`. */
export function parseArguments(argv: readonly string[], version: string): Parsed {
  let command: ParsedCommand | undefined;
  let help = '';
  let complaint = '';
  const program = createProgram(version, (parsed) => {
    command = parsed;
  });
  visit(program, (each) => {
    each.exitOverride();
    each.configureOutput({
      writeOut: (text) => {
        help += text;
      },
      writeErr: (text) => {
        complaint += text;
      },
    });
  });
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { status: 'help', text: help };
    throw failure('usage', tidy(complaint || error.message), {}, remedyFor(argv));
  }
  return command
    ? { status: 'command', command }
    : { status: 'help', text: help === '' ? program.helpInformation() : help };
}

/** The whole tree of commands, with help and examples. */
export function createProgram(version: string, onCommand: (command: ParsedCommand) => void) {
  const program = new Command('steward')
    .description('Agents propose, you sign, connectors commit, the log remembers.')
    .version(version)
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError();
  for (const { name, title, cli } of [...PROCESS_COMMANDS, ...OPERATIONS]) {
    if (cli) addCommand(program, name, title, cli, onCommand);
  }
  return program;
}

function addCommand(
  program: Command,
  name: string,
  title: string,
  shape: CliShape,
  onCommand: (command: ParsedCommand) => void,
): void {
  let command = program;
  for (const word of shape.words) {
    const known = command.commands.find((each) => each.name() === word);
    // what stands behind `log verify` is never read as an option of `log`
    command = known ?? command.command(word).enablePositionalOptions();
  }
  command.description(title).helpOption('-h, --help', 'show this help');
  for (const argument of shape.arguments ?? []) {
    const { optional, name: shown, help } = argument;
    command.argument(optional ? `[${shown}]` : `<${shown}>`, help);
  }
  for (const option of shape.options ?? []) command.addOption(toOption(option));
  command.option('--json', 'answer with one JSON document');
  command.addHelpText(
    'after',
    `\nExamples:\n${shape.examples.map((line) => `  ${line}`).join('\n')}`,
  );
  command.action((...given: unknown[]) => {
    const input: Record<string, Json> = {};
    for (const [index, { field }] of (shape.arguments ?? []).entries()) {
      if (typeof given[index] === 'string') input[field] = given[index];
    }
    const options = command.opts<{ readonly [name: string]: Json | undefined }>();
    for (const option of shape.options ?? []) {
      const value = options[toOption(option).attributeName()];
      // commander turns `--no-input` into `input: false`
      const set = option.flags.startsWith('--no-') ? value === false || undefined : value;
      if (set !== undefined) input[option.field] = set;
    }
    onCommand({ name, input, json: options.json === true });
  });
}

function toOption({ flags, help, kind, required }: CliOption): Option {
  const option = new Option(flags, help);
  if (required) option.makeOptionMandatory();
  switch (kind) {
    case 'number':
      return option.argParser((text) => readNumber(flags, text));
    case 'json':
      return option.argParser((text) => readJson(flags, text));
    case 'list':
      return option.argParser((text, before: readonly string[] | undefined) => [
        ...(before ?? []),
        text,
      ]);
    case 'set':
      return option.argParser((text, before: JsonObject | undefined) =>
        readSet(flags, text, before),
      );
    case 'set-json':
      return option.argParser((text, before: JsonObject | undefined) =>
        readSet(flags, text, before, true),
      );
    default:
      return option;
  }
}

function readNumber(flags: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw failure('usage', `${flags}: "${text}" is not a whole number.`);
}

function readJson(flags: string, text: string): Json {
  try {
    return JSON.parse(text) as Json; // whatever JSON.parse gives is Json
  } catch {
    throw failure('usage', `${flags}: this is not JSON.`, { found: text.slice(0, 80) });
  }
}

function readSet(flags: string, text: string, before: JsonObject = {}, json = false): JsonObject {
  const at = text.indexOf('=');
  if (at <= 0) throw failure('usage', `${flags}: write path=value, not "${text.slice(0, 80)}".`);
  const value = text.slice(at + 1);
  const read = json && /^\s*[[{]/.test(value) ? readJson(flags, value) : value;
  return { ...before, [text.slice(0, at)]: read };
}

function visit(command: Command, work: (command: Command) => void): void {
  work(command);
  for (const inner of command.commands) visit(inner, work);
}

function tidy(complaint: string): string {
  const text = complaint
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function remedyFor(argv: readonly string[]): string {
  const words = argv.filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith('-')).slice(0, 2);
  const known = [...PROCESS_COMMANDS, ...OPERATIONS]
    .flatMap(({ cli }) => (cli ? [cli.words.join(' ')] : []))
    .filter((line) => words.join(' ').startsWith(line))
    .sort((a, b) => b.length - a.length)[0];
  return `See: steward ${known === undefined ? '' : `${known} `}--help`;
}
