import { z } from 'zod';
import { failure } from '../../contract/index.ts';
import { eventsOfStream, requireScope, scopedView } from '../../kernel/index.ts';
import {
  coerceSet,
  definitionOf,
  describeChange,
  FIELD_CLASSES,
  leavesOf,
  RECORD_TYPES,
  type RecordState,
  type RecordType,
  recordAt,
  recordsByName,
  recordsFold,
  recordsOfType,
  recordVersionsFold,
  resolveRecordType,
} from '../../records/index.ts';
import { recordFilter, recordView } from '../views/record-view.ts';
import { flagField, idField, numberField, valuesField } from './inputs.ts';
import { type Caller, type CliOption, defineOperation, type Services } from './operation.ts';

/** records that one answer lists; where there are more it says so, and that a filter finds them */
const LISTED = 10_000;

const type = { field: 'type', name: 'TYPE', help: `one of: ${RECORD_TYPES.join(', ')}` };
const id = { field: 'id', name: 'ID', help: 'id of the record' };
const set: CliOption = {
  field: 'set',
  flags: '--set <path=value>',
  help: 'such as address.city=Graz; an empty value empties the field (repeatable)',
  kind: 'set',
  required: true,
};
const typeField = z.string().min(1).max(100);

export const recordsOperation = defineOperation({
  name: 'records',
  title: 'Records of one type',
  method: 'GET',
  path: '/api/records/:type',
  access: 'look',
  body: 'none',
  input: z.strictObject({
    type: typeField,
    where: z.string().max(4_000).optional(),
    archived: flagField.optional(),
  }),
  cli: {
    words: ['records'],
    arguments: [type],
    options: [
      {
        field: 'where',
        flags: '--where <cel>',
        help: 'only those that fit, such as \'status == "issued"\'',
        kind: 'text',
      },
      { field: 'archived', flags: '--archived', help: 'also archived ones', kind: 'flag' },
    ],
    examples: ['steward records party', 'steward records invoice --where \'status == "issued"\''],
  },
  bearer: (bearer, { type: word }) => requireScope(bearer, { record: resolveRecordType(word) }),
  handle: async ({ type: word, where, archived = false }, { services, caller }) => {
    const recordType = resolveRecordType(word);
    // limited first: a filter must not find out what its asker may not see
    const seen = visibleTo(caller, recordType);
    const fits = where === undefined ? () => true : recordFilter(recordType, where);
    const query = archived ? recordsByName(recordType) : recordsOfType(recordType);
    const found: ReturnType<typeof recordView>[] = [];
    for await (const { row } of services.log.fold(recordsFold).every(query)) {
      const state = seen(row);
      if (!fits(state)) continue;
      if (found.length === LISTED) throw tooManyRecords(recordType);
      found.push(recordView(state));
    }
    return found;
  },
});

/** What the caller may see of records of a type: all of it, or what a token names. */
function visibleTo({ bearer }: Caller, type: RecordType): (state: RecordState) => RecordState {
  return bearer ? scopedView(bearer, type) : (state) => state;
}

function tooManyRecords(type: RecordType) {
  return failure(
    'too_large',
    `There are more than ${LISTED} of ${type} for one answer.`,
    { type, limit: LISTED },
    'Say which ones with --where.',
  );
}

export const recordOperation = defineOperation({
  name: 'record',
  title: 'One record, now or as it was at an event of the log',
  method: 'GET',
  path: '/api/records/:type/:id',
  access: 'look',
  body: 'none',
  input: z.strictObject({ type: typeField, id: idField, at: numberField.optional() }),
  cli: {
    words: ['record'],
    arguments: [type, id],
    options: [
      {
        field: 'at',
        flags: '--at <seq>',
        help: 'as it was once this had happened',
        kind: 'number',
      },
    ],
    examples: ['steward record party 0198c2', 'steward record party 0198c2 --at 12'],
  },
  bearer: (bearer, { type: word }) => requireScope(bearer, { record: resolveRecordType(word) }),
  handle: async ({ type: word, id: given, at }, { services, caller }) => {
    const recordType = resolveRecordType(word);
    const seen = visibleTo(caller, recordType);
    const state = await findRecord(services, recordType, given);
    if (at === undefined) return recordView(seen(state));
    const then = await recordAt(services.log.fold(recordVersionsFold), state.type, state.id, at);
    if (then) return recordView(seen(then));
    throw failure('not_found', `It did not exist yet at event ${at}.`, { id: state.id, at });
  },
});

/** By its id, or by as much of its beginning as is unique in its type. */
async function findRecord(services: Services, recordType: RecordType, given: string) {
  const { kernel, log } = services;
  const exact = await kernel.records.find(recordType, given);
  if (exact) return exact;
  const key = `${recordType}/${given}`;
  const near = given.length >= 4 ? await log.fold(recordsFold).list({ equals: key, limit: 2 }) : [];
  const [only] = near;
  return only && near.length === 1 ? only.row : kernel.records.get(recordType, given);
}

export const historyOperation = defineOperation({
  name: 'history',
  title: 'Everything that happened to a record: when, who, why and in which run',
  method: 'GET',
  path: '/api/records/:type/:id/history',
  access: 'look',
  body: 'none',
  input: z.strictObject({ type: typeField, id: idField }),
  cli: {
    words: ['history'],
    arguments: [type, id],
    examples: ['steward history party 0198c2'],
  },
  handle: async ({ type: word, id: given }, { services }) => {
    const state = await findRecord(services, resolveRecordType(word), given);
    const events = eventsOfStream(services.log, `${state.type}/${state.id}`);
    return Array.fromAsync(events, (event) => ({
      seq: event.seq,
      at: new Date(event.at).toISOString(),
      by: event.by,
      type: event.type,
      words: describeChange(event),
      run: event.run ?? null,
      version: event.version,
      change: event.data,
    }));
  },
});

export const createRecordOperation = defineOperation({
  name: 'create',
  title: 'Create a record by hand',
  method: 'POST',
  path: '/api/records/:type',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ type: typeField, set: valuesField }),
  cli: {
    words: ['create'],
    arguments: [type],
    options: [set],
    examples: ['steward create party --set name="Acme GmbH" --set kinds=customer'],
  },
  handle: async ({ type: word, set: typed }, { services, caller }) => {
    const recordType = resolveRecordType(word);
    const { set: values } = coerceSet(recordType, typed, await currencyOf(services));
    const newId = services.newId();
    const command = { type: 'create', record: recordType, id: newId, set: values } as const;
    await services.kernel.change([command], { by: caller.by, label: caller.label });
    return recordView(await services.kernel.records.get(recordType, newId));
  },
});

export const changeRecordOperation = defineOperation({
  name: 'change',
  title: 'Change fields of a record by hand',
  method: 'PATCH',
  path: '/api/records/:type/:id',
  access: 'operate',
  body: 'json',
  input: z.strictObject({
    type: typeField,
    id: idField,
    set: valuesField,
    unset: z.array(z.string().min(1).max(200)).max(200).optional(),
  }),
  cli: {
    words: ['change'],
    arguments: [type, id],
    options: [set],
    examples: ['steward change party 0198c2 --set billing.hourlyRate="95.00 EUR"'],
  },
  handle: async ({ type: word, id: given, set: typed, unset = [] }, { services, caller }) => {
    const { type: found, id: recordId } = await findRecord(
      services,
      resolveRecordType(word),
      given,
    );
    const recordType = resolveRecordType(found);
    const coerced = coerceSet(recordType, typed, await currencyOf(services));
    const command = {
      ...({ type: 'change', record: recordType, id: recordId } as const),
      set: coerced.set,
      unset: [...coerced.unset, ...unset],
    };
    await services.kernel.change([command], { by: caller.by, label: caller.label });
    return recordView(await services.kernel.records.get(recordType, recordId));
  },
});

export const archiveRecordOperation = defineOperation({
  name: 'archive',
  title: 'Hide a record from lists; nothing is deleted',
  method: 'POST',
  path: '/api/records/:type/:id/archive',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ type: typeField, id: idField }),
  cli: {
    words: ['archive'],
    arguments: [type, id],
    examples: ['steward archive project 0198c2'],
  },
  handle: async ({ type: word, id: given }, { services, caller }) => {
    const recordType = resolveRecordType(word);
    const { id: recordId } = await findRecord(services, recordType, given);
    const command = { type: 'archive', record: recordType, id: recordId } as const;
    await services.kernel.change([command], { by: caller.by, label: caller.label });
    return recordView(await services.kernel.records.get(recordType, recordId));
  },
});

export const recordTypesOperation = defineOperation({
  name: 'record-types',
  title: 'Every type of record with its fields',
  method: 'GET',
  path: '/api/record-types',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['record-types'], examples: ['steward record-types'] },
  handle: async () =>
    RECORD_TYPES.map((name) => {
      const definition = definitionOf(name);
      return {
        type: name,
        title: definition.title,
        fields: leavesOf(definition.schema).map(({ path, schema, optional }) => ({
          path,
          class: classOf(definition.fields, path),
          type: schema._zod.def.type,
          optional,
          choices: choicesOf(schema),
          ownOnly: definition.ownOnly?.[path] ?? null,
          reference: definition.references?.[path] ?? null,
        })),
      };
    }),
});

/** A path without a class has that of its nearest ancestor. */
function classOf(fields: { readonly [path: string]: string }, path: string): string {
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length--) {
    const found = fields[parts.slice(0, length).join('.')];
    if (found !== undefined) return found;
  }
  return FIELD_CLASSES[1];
}

function choicesOf(schema: z.core.$ZodType): readonly string[] | null {
  return schema instanceof z.ZodEnum ? schema.options.map(String) : null;
}

async function currencyOf({ kernel, log }: Services): Promise<{ currency?: string }> {
  const company = await kernel.records.find('company', log.company);
  return typeof company?.fields.currency === 'string' ? { currency: company.fields.currency } : {};
}
