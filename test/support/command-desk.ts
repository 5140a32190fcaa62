import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClock } from '../../src/adapter/system-clock.ts';
import { createCliPorts, type Places } from '../../src/command-line.ts';
import { foundExample } from '../../src/found-home.ts';
import { type Door, loadCli } from '../../src/surface/index.ts';

export interface DeskEnd {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** questions that were asked, in order */
  readonly asked: readonly string[];
}

/** A person at a command line: this process is the program, the home a real one. */
export interface CommandDesk {
  readonly directory: string;
  readonly places: Places;
  /** `answers`: by how a question begins; without them nobody is at the terminal. */
  readonly run: (
    args: readonly string[],
    answers?: { readonly [question: string]: string },
    /** what answers this one instead of the home */
    through?: Door,
  ) => Promise<DeskEnd>;
  /** The data of a command that must work. */
  readonly data: <T>(
    args: readonly string[],
    answers?: { readonly [question: string]: string },
  ) => Promise<T>;
  /** The failure of a command that must not. */
  readonly refusal: (
    args: readonly string[],
    answers?: { readonly [question: string]: string },
  ) => Promise<{ readonly exit: number; readonly code: string; readonly remedy: string }>;
  readonly close: () => Promise<void>;
}

const VERSION = '0.0.0-test';

/** `door`: what answers instead of a home of its own. */
export async function createCommandDesk(name: string, door?: Door): Promise<CommandDesk> {
  const directory = await mkdtemp(join(tmpdir(), `steward-${name}-`));
  const places = {
    home: join(directory, 'home'),
    deviceKey: join(directory, 'config', 'device.key'),
  };

  async function run(
    args: readonly string[],
    answers?: { readonly [question: string]: string },
    through = door,
  ): Promise<DeskEnd> {
    let out = '';
    let err = '';
    const asked: string[] = [];
    const real = createCliPorts({
      ...{ env: {}, places, version: VERSION },
      serve: () => Promise.reject(new Error('nothing is served here')),
    });
    const { runCli } = await loadCli();
    const code = await runCli(
      {
        ...real,
        ...(through ? { door: through } : {}),
        out: (text) => {
          out += text;
        },
        err: (text) => {
          err += text;
        },
        terminal: { input: answers !== undefined, output: false, columns: 80, colour: false },
        prompt: async (question) => {
          asked.push(question);
          const known = Object.keys(answers ?? {}).find((begin) => question.startsWith(begin));
          if (known === undefined) throw new Error(`nobody knows what to answer to "${question}"`);
          return answers?.[known] ?? '';
        },
      },
      args,
    );
    return { code, out, err, asked };
  }

  return {
    directory,
    places,
    run,
    data: async (args, answers) => {
      const end = await run([...args, '--json'], answers);
      const { ok, data } = JSON.parse(end.out);
      if (!ok) throw new Error(`${args.join(' ')}: ${end.out}`);
      return data;
    },
    refusal: async (args, answers) => {
      const end = await run([...args, '--json'], answers);
      const { error } = JSON.parse(end.out);
      if (!error) throw new Error(`${args.join(' ')} worked: ${end.out}`);
      return { exit: end.code, code: error.code, remedy: error.remedy };
    },
    close: () => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** The example company: sandbox mode, customers, a month of time. */
export async function createExampleDesk(name: string): Promise<CommandDesk> {
  const desk = await createCommandDesk(name);
  const clock = createSystemClock(undefined);
  await foundExample({ home: desk.places.home, clock, version: VERSION });
  return desk;
}
