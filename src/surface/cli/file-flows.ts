import { isJsonObject, type JsonObject } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import type { CliPorts } from './cli-ports.ts';
import type { Flow } from './flow.ts';

/** Commands whose argument is a file with one document in it. */
export const FILE_FLOWS: { readonly [operation: string]: Flow } = {
  'playbook-check': async ({ cli, client }, operation, input) => {
    const data = await client.ask(operation, await withDocument(cli, 'document', input));
    const faults = isJsonObject(data) && Array.isArray(data.faults) ? data.faults : [];
    return faults.length > 0 ? { data, exit: FAULTY_EXIT } : { data };
  },
  'playbook-publish': asking('document'),
  'playbook-diff': asking('document'),
  'what-if': asking('document'),
  'policy-diff': asking('policy'),
  'policy-back-test': asking('policy'),
};

/** a document that is wrong, as a wrong input is (INTERFACES) */
const FAULTY_EXIT = 2;

function asking(field: string): Flow {
  return async ({ cli, client }, operation, input) => ({
    data: await client.ask(operation, await withDocument(cli, field, input)),
  });
}

/** The input with the file's content where its name stood. Fails with `not_found`, `invalid_input`. */
export async function withDocument(
  cli: CliPorts,
  field: string,
  input: JsonObject,
): Promise<JsonObject> {
  const path = input[field];
  return path === undefined ? input : { ...input, [field]: await readDocument(cli, String(path)) };
}

async function readDocument(cli: CliPorts, path: string): Promise<JsonObject> {
  const text = await textOf(cli.readFile(path));
  let where = '';
  try {
    // JSON is YAML too; schema "core": no dates, no code, no anchors of thousandfold size
    const { parse } = await import('yaml');
    const value: unknown = parse(text, { maxAliasCount: 0 });
    if (isJsonObject(value)) return value;
  } catch (error) {
    where = whereOf(error); // what is wrong is told below, in words of ours
  }
  throw failure(
    'invalid_input',
    `${path} holds no document of fields.${where}`,
    { path: 'file' },
    'Write it as YAML or JSON.',
  );
}

/** ` It breaks at line 2, column 1.`, as far as the reader of YAML knows it. */
function whereOf(error: unknown): string {
  const places = error instanceof Error && 'linePos' in error ? error.linePos : undefined;
  const [place] = Array.isArray(places) ? places : [];
  return place ? ` It breaks at line ${place.line}, column ${place.col}.` : '';
}

export async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of pieces) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
