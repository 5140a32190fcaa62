import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { PROCESS_COMMANDS } from '../cli/process-commands.ts';
import { createProgram, parseArguments } from '../cli/program.ts';
import { openApiDocument, openApiPath } from '../http/openapi.ts';
import { pathFields } from './operation.ts';
import { OPERATIONS } from './table.ts';

/** Options that the command line itself uses up: a file to read, a key to sign with. */
const CLIENT_ONLY = new Set(['file', 'effect', 'recovery', 'out', 'yes', 'passphrase']);

describe('the table of operations', () => {
  test('names, routes and commands are each unique', () => {
    const unique = (list: readonly string[]) => expect(new Set(list).size).toBe(list.length);
    unique([...OPERATIONS, ...PROCESS_COMMANDS].map(({ name }) => name));
    unique(OPERATIONS.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':x')}`));
    unique(
      [...OPERATIONS, ...PROCESS_COMMANDS].flatMap(({ cli }) => (cli ? [cli.words.join(' ')] : [])),
    );
  });

  test('the API describes exactly the operations, with every field of their input', () => {
    type Described = {
      operationId: string;
      parameters: readonly { name: string }[];
      requestBody?: { content: { 'application/json'?: { schema: { properties: object } } } };
    };
    const { paths } = openApiDocument('0') as {
      paths: { [path: string]: { [method: string]: Described } };
    };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, each]) => ({ path, method, ...each })),
    );
    expect(described.map(({ operationId }) => operationId).sort()).toEqual(
      [...OPERATIONS.map(({ name }) => name), 'hook-delivery'].sort(),
    );
    for (const operation of OPERATIONS) {
      const found = paths[openApiPath(operation.path)]?.[operation.method.toLowerCase()];
      const body = found?.requestBody?.content['application/json']?.schema.properties ?? {};
      const fields = [...(found?.parameters ?? []).map(({ name }) => name), ...Object.keys(body)];
      expect(fields.sort(), operation.name).toEqual(Object.keys(operation.input.shape).sort());
    }
  });

  test('the fields of a path are part of the input', () => {
    for (const { name, path, input } of OPERATIONS) {
      for (const field of pathFields(path)) expect(Object.keys(input.shape), name).toContain(field);
    }
  });

  test('every operation is a command, or says why it is for the page only', () => {
    const silent = OPERATIONS.filter(
      ({ cli, webOnly }) => (cli === undefined) === (webOnly === undefined),
    );
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  test('the program has exactly the commands of the table', () => {
    const expected = [...OPERATIONS, ...PROCESS_COMMANDS].flatMap(({ cli }) =>
      cli ? [cli.words.join(' ')] : [],
    );
    const groups = new Set(expected.flatMap((words) => words.split(' ').slice(0, -1)));
    const found = wordsOf(createProgram('0', () => undefined)).filter(
      (words) => expected.includes(words) || !groups.has(words),
    );
    expect(found.sort()).toEqual([...expected].sort());
  });

  test('every argument and option of a command fills a field of its operation', () => {
    for (const { name, cli, input } of OPERATIONS) {
      const given = [...(cli?.arguments ?? []), ...(cli?.options ?? [])].map(({ field }) => field);
      const unknown = given.filter((field) => !CLIENT_ONLY.has(field) && !(field in input.shape));
      expect(unknown, name).toEqual([]);
    }
  });

  test('every field that must be given can be given on the command line', () => {
    const signed = new Set(['signed', 'device', 'hash', 'commitment']);
    for (const { name, cli, input } of OPERATIONS) {
      if (!cli) continue;
      const given = [...(cli.arguments ?? []), ...(cli.options ?? [])].map(({ field }) => field);
      const needed = Object.entries(input.shape).filter(
        ([, schema]) => !schema.safeParse(undefined).success,
      );
      const missing = needed
        .map(([field]) => field)
        .filter((field) => !given.includes(field) && !signed.has(field));
      expect(missing, name).toEqual([]);
    }
  });

  test('every example is a command line that is understood', () => {
    for (const { name, cli } of [...OPERATIONS, ...PROCESS_COMMANDS]) {
      for (const example of cli?.examples ?? []) {
        const line = /^(?:source <\()?steward (.*?)\)?$/.exec(example)?.[1] ?? '';
        const words = [
          ...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+?)="([^"]*)"|(\S+)/g),
        ].map(
          ([, double, single, path, value, bare]) =>
            double ?? single ?? (path === undefined ? (bare ?? '') : `${path}=${value}`),
        );
        const parsed = parseArguments(words, '0');
        expect(parsed.status === 'command' && parsed.command.name, example).toBe(name);
      }
    }
  });

  test('what changes something is never a GET, and takes JSON or a file', () => {
    for (const { name, access, method, body } of OPERATIONS) {
      if (access === 'operate' || access === 'local') expect(method, name).not.toBe('GET');
      if (method === 'GET') expect(body, name).toBe('none');
      else expect(body, name).not.toBe('none');
    }
  });
});

function wordsOf(command: Command, above: readonly string[] = []): readonly string[] {
  return command.commands.flatMap((inner) => {
    const words = [...above, inner.name()];
    return [words.join(' '), ...wordsOf(inner, words)];
  });
}
