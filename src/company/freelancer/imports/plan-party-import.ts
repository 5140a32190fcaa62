import {
  atPath,
  canonicalJson,
  type Id,
  type Json,
  type JsonObject,
  withPath,
} from '../../../base/index.ts';
import { minorDigits } from '../../../contract/index.ts';
import { foldName, type Party, partySchema, type RecordCommand } from '../../../records/index.ts';
import type { ImportCounts, RowRemark } from './import-outcome.ts';
import { readDecimal, toMinor } from './import-values.ts';
import type { PartyColumn, PartyFile, PartyRow } from './party-rows.ts';

export interface ExistingParty {
  readonly id: Id;
  readonly archived: boolean;
  readonly fields: Party;
}

export interface PartyImportContext {
  /** all parties, archived ones included */
  readonly existing: readonly ExistingParty[];
  readonly newId: () => Id;
  /** the company's currency, for a rate without one */
  readonly currency?: string;
}

export interface PartyImportPlan {
  readonly commands: readonly RecordCommand[];
  readonly counts: ImportCounts;
  readonly refused: readonly RowRemark[];
}

/** Where each column goes in a party. The rate and its currency are one value. */
const PATHS: { readonly [Column in PartyColumn]?: string } = {
  name: 'name',
  email: 'email',
  street: 'address.street',
  postalCode: 'address.postalCode',
  city: 'address.city',
  country: 'address.country',
  vatId: 'vatId',
  hourlyRate: 'billing.hourlyRate',
  currency: 'billing.currency',
  language: 'billing.language',
  paymentDays: 'billing.paymentDays',
};

/**
 * Decides what each row does: creates a party, changes the one of that name (case and spaces aside), or
 * nothing. An empty cell leaves what is there. Two parties of one name, or a VAT id that another party
 * has, are not guessed at: the row is refused.
 */
export function planPartyImport(file: PartyFile, context: PartyImportContext): PartyImportPlan {
  const state: State = {
    file,
    context,
    byName: Map.groupBy(context.existing, ({ fields }) => foldName(fields.name)),
    byVatId: new Map(context.existing.flatMap((party) => ofVatId(party))),
    seen: new Map(),
    commands: [],
  };
  const refused = [...file.refused];
  const tally = { added: 0, changed: 0, unchanged: 0, duplicates: 0 };
  for (const row of file.rows) {
    const outcome = planRow(state, row);
    if (typeof outcome === 'string') tally[outcome]++;
    else {
      const column = outcome.column === undefined ? '' : (file.names[outcome.column] ?? '');
      refused.push({ line: row.line, column, reason: outcome.reason });
    }
  }
  refused.sort((a, b) => a.line - b.line);
  return { commands: state.commands, counts: { read: file.read, ...tally, asked: 0 }, refused };
}

interface State {
  readonly file: PartyFile;
  readonly context: PartyImportContext;
  readonly byName: Map<string, ExistingParty[]>;
  readonly byVatId: Map<string, ExistingParty>;
  /** rows of this file by folded name */
  readonly seen: Map<string, { readonly line: number; readonly cells: string }>;
  readonly commands: RecordCommand[];
}

interface Refused {
  readonly column: PartyColumn | undefined;
  readonly reason: string;
}

function planRow(
  state: State,
  row: PartyRow,
): 'added' | 'changed' | 'unchanged' | 'duplicates' | Refused {
  const { name } = row.cells;
  if (name === undefined) return { column: 'name', reason: 'The name is missing.' };
  const folded = foldName(name);
  const cells = canonicalJson(row.cells);
  const earlier = state.seen.get(folded);
  if (earlier?.cells === cells) return 'duplicates';
  if (earlier) {
    return {
      column: 'name',
      reason: `"${name}" is on line ${earlier.line} too, with other values.`,
    };
  }
  const found = findParty(state, name);
  if ('reason' in found) return found;
  const { party } = found;
  const wanted = partyFields(row, party?.fields, state.context.currency);
  if ('reason' in wanted) return wanted;
  const holder =
    wanted.fields.vatId === undefined ? undefined : state.byVatId.get(wanted.fields.vatId);
  if (holder && holder.id !== party?.id) {
    const reason = `"${holder.fields.name}" has this VAT id. If it is the same party, change its name first.`;
    return { column: 'vatId', reason };
  }
  state.seen.set(folded, { line: row.line, cells });
  return write(state, party, wanted.fields);
}

function findParty(
  state: State,
  name: string,
): { readonly party: ExistingParty | undefined } | Refused {
  const all = state.byName.get(foldName(name)) ?? [];
  const live = all.filter(({ archived }) => !archived);
  if (live.length > 1) {
    const reason = `There are ${live.length} parties called "${name}". Rename one, or change it by hand.`;
    return { column: 'name', reason };
  }
  if (live.length === 0 && all.length > 0) {
    return { column: 'name', reason: `"${name}" is archived. Restore it first.` };
  }
  return { party: live[0] };
}

/** The party as it should be after this row. */
function partyFields(
  row: PartyRow,
  before: Party | undefined,
  companyCurrency: string | undefined,
): { readonly fields: Party } | Refused {
  let fields: JsonObject = before ? asJson(before) : { kinds: ['customer'] };
  for (const [column, path] of columnsAndPaths()) {
    const text = row.cells[column];
    // The name that stands in the books stays: it found the party, so only case or spaces differ.
    if (text === undefined || (column === 'name' && before)) continue;
    const value =
      column === 'hourlyRate' ? readRate(row, before, companyCurrency) : readCell(column, text);
    if (typeof value === 'object' && 'reason' in value) return value;
    fields = withPath(fields, path, value);
  }
  const parsed = partySchema.safeParse(fields);
  if (parsed.success) return { fields: parsed.data };
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  const column = columnsAndPaths().find(([, itsPath]) => path.startsWith(itsPath))?.[0];
  const shown = column === undefined ? 'The row' : `"${row.cells[column] ?? ''}"`;
  return { column, reason: `${shown} ${issue?.message ?? 'cannot be stored'}.` };
}

type CellValue = string | number | { readonly minor: number; readonly currency: string };

function readCell(column: PartyColumn, text: string): CellValue | Refused {
  if (column === 'paymentDays') {
    return /^\d{1,3}$/.test(text)
      ? Number(text)
      : { column, reason: `"${text}" is not a number of days.` };
  }
  if (column === 'currency') return readCurrency(text) ?? { column, reason: notCurrency(text) };
  return column === 'language' ? text.toLowerCase() : text;
}

function readRate(
  row: PartyRow,
  before: Party | undefined,
  companyCurrency: string | undefined,
): CellValue | Refused {
  const text = row.cells.hourlyRate ?? '';
  const written = row.cells.currency;
  const currency =
    written === undefined ? (before?.billing?.currency ?? companyCurrency) : readCurrency(written);
  if (currency === undefined) {
    return {
      column: written === undefined ? 'hourlyRate' : 'currency',
      reason: written === undefined ? 'The rate has no currency.' : notCurrency(written),
    };
  }
  const decimal = readDecimal(text);
  if (!decimal)
    return { column: 'hourlyRate', reason: `"${text}" is not a clear amount, such as 95.50.` };
  const minor = toMinor(decimal, minorDigits(currency));
  return minor === undefined
    ? { column: 'hourlyRate', reason: `${text} is finer than ${currency} allows.` }
    : { minor, currency };
}

function write(state: State, party: ExistingParty | undefined, fields: Party) {
  const { commands, context, byName, byVatId } = state;
  const before = party ? asJson(party.fields) : {};
  const after = asJson(fields);
  const set: { [path: string]: Json } = {};
  for (const path of [...Object.values(PATHS), 'kinds']) {
    const value = atPath(after, path);
    if (value === undefined) continue;
    if (canonicalJson(value) !== canonicalJson(atPath(before, path) ?? null)) set[path] = value;
  }
  if (party && Object.keys(set).length === 0) return 'unchanged';
  const id = party?.id ?? context.newId();
  commands.push({ type: party ? 'change' : 'create', record: 'party', id, set });
  const now = { id, archived: false, fields };
  byName.set(foldName(fields.name), [now]);
  for (const entry of ofVatId(now)) byVatId.set(...entry);
  return party ? 'changed' : 'added';
}

function ofVatId(party: ExistingParty): readonly (readonly [string, ExistingParty])[] {
  const { vatId } = party.fields;
  return vatId === undefined || party.archived ? [] : [[vatId, party]];
}

/** ISO 4217 codes that are or were in use. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

function readCurrency(text: string): string | undefined {
  const code = text.toUpperCase();
  return CURRENCIES.has(code) ? code : undefined;
}

function notCurrency(text: string): string {
  return `"${text}" is not a currency, such as EUR.`;
}

function columnsAndPaths(): readonly (readonly [PartyColumn, string])[] {
  // Object.entries loses the key's type; PATHS has no other keys.
  return Object.entries(PATHS) as [PartyColumn, string][];
}

/** The schema of parties holds nothing but JSON. */
function asJson(party: Party): JsonObject {
  return party as unknown as JsonObject;
}
