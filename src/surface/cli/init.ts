import { dirname, resolve } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { coerceSet, companySchema, fieldTitle } from '../../records/index.ts';
import type { CliPorts } from './cli-ports.ts';
import type { Outcome } from './flow.ts';

/** What is asked for at a terminal and in the page, in this order; the rest can be added later. */
export const ASKED = [
  'name',
  'owner',
  'street',
  'postalCode',
  'city',
  'country',
  'email',
  'currency',
  'zone',
  'language',
  'vatId',
  'taxId',
  'smallBusiness',
  'iban',
  'bic',
  'invoiceSeries',
] as const;

/** taken where a file and a person say nothing */
const DEFAULTS: { readonly [field: string]: Json } = {
  smallBusiness: false,
  invoiceSeries: '{year}-{number:4}',
  language: 'en',
};

const OPTIONAL = new Set(['vatId', 'taxId', 'iban', 'bic']);

/**
 * Creates the company from a file, from answers, or both. Fails with `invalid_input` naming the field,
 * `home_not_empty`, `not_found` (the file).
 */
export async function initCompany(ports: CliPorts, input: JsonObject): Promise<Outcome> {
  const fromFile = input.file === undefined ? {} : await readCompanyFile(ports, String(input.file));
  const mayAsk = input.noInput !== true && ports.terminal.input;
  const { logo: logoFile, ...given } = mayAsk ? await askMissing(ports, fromFile) : fromFile;
  const company = companyFields(given);
  const logo = logoFile === undefined ? undefined : await readLogo(ports, input, logoFile);
  const passphrase =
    input.passphrase === true
      ? await ports.prompt('Passphrase for your device key: ', true)
      : undefined;
  const device = await ports.deviceKey.loadOrCreate(passphrase);
  const { recovery } = await ports.found(company, device, logo);
  return {
    data: {
      home: ports.home,
      company: String(company.name),
      device: { id: device.id, name: device.name, assurance: device.assurance },
      recovery,
    },
  };
}

/** The picture for the letterhead; its path is read from where the file lies. */
async function readLogo(ports: CliPorts, input: JsonObject, path: Json): Promise<Uint8Array> {
  const beside = input.file === undefined ? '.' : dirname(String(input.file));
  const parts: Uint8Array[] = [];
  for await (const part of ports.readFile(resolve(beside, String(path)))) parts.push(part);
  return Buffer.concat(parts);
}

async function readCompanyFile(ports: CliPorts, path: string): Promise<JsonObject> {
  const parts: Uint8Array[] = [];
  for await (const part of ports.readFile(path)) parts.push(part);
  try {
    // schema "core": no dates, no code, no anchors of thousandfold size
    const { parse } = await import('yaml');
    const value: unknown = parse(Buffer.concat(parts).toString('utf8'), { maxAliasCount: 0 });
    if (isJsonObject(value)) return value;
  } catch {
    // told below
  }
  throw failure(
    'invalid_input',
    `${path} is not a list of fields.`,
    { path: 'file' },
    'Write one field per line, such as: name: Mara Lindt Design',
  );
}

async function askMissing(ports: CliPorts, known: JsonObject): Promise<JsonObject> {
  const fields: Record<string, Json> = { ...known };
  for (const name of ASKED) {
    if (fields[name] !== undefined) continue;
    const preset = DEFAULTS[name];
    const hint =
      preset === undefined ? (OPTIONAL.has(name) ? ' (may stay empty)' : '') : ` [${preset}]`;
    const title = fieldTitle(name);
    const said = await ports.prompt(`${title.charAt(0).toUpperCase()}${title.slice(1)}${hint}: `);
    if (said.trim() !== '') fields[name] = said.trim();
  }
  return fields;
}

/**
 * The fields as the company's record takes them: texts read, empty ones left out, defaults filled in.
 * Fails with `invalid_input` naming the field.
 */
export function companyFields(given: JsonObject): JsonObject {
  const typed: Record<string, Json> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === '') continue;
    // YAML reads 8010 and 0123 as numbers; a postal code is text
    const isText = typeof value === 'number';
    typed[name] = isText ? String(value) : value;
  }
  const { set } = coerceSet('company', typed);
  const checked = companySchema.safeParse(set);
  if (checked.success) return set;
  const [issue] = checked.error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  const missing = issue?.code === 'invalid_type' && set[path] === undefined;
  throw failure(
    'invalid_input',
    missing ? `${path} is missing.` : `${path}: ${issue?.message ?? 'is not understood'}`,
    { path },
    `Add it to the file, such as: ${path}: ...`,
  );
}
