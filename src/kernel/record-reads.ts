import type { RecordFilter, RecordReads } from '../agent/index.ts';
import { atPath, type Id, type JsonObject } from '../base/index.ts';
import { type CapabilityContract, failure } from '../contract/index.ts';
import type { FoldReader, Log } from '../log/index.ts';
import { definitionOf, type RecordState, recordsFold } from '../records/index.ts';

/** Rows that one capability may walk through in a list. */
const LIST_ROWS = 20_000;
const PAGE_ROWS = 500;

export interface RecordStore {
  readonly find: (type: string, id: Id) => Promise<RecordState | undefined>;
  /** Fails with `not_found`. */
  readonly get: (type: string, id: Id) => Promise<RecordState>;
  readonly list: (type: string, where?: RecordFilter) => Promise<readonly RecordState[]>;
  readonly company: () => Promise<RecordState>;
  readonly reader: FoldReader<RecordState>;
}

export function createRecordStore(log: Log): RecordStore {
  const reader = log.fold(recordsFold);
  const find = (type: string, id: Id): Promise<RecordState | undefined> =>
    reader.get(`${type}/${id}`);
  async function list(type: string, where: RecordFilter = {}): Promise<readonly RecordState[]> {
    const found: RecordState[] = [];
    for (let offset = 0; offset < LIST_ROWS; offset += PAGE_ROWS) {
      const page = await reader.list({ equals: `${type}/`, offset, limit: PAGE_ROWS });
      for (const { row } of page) if (!row.archived && fits(row, where)) found.push(row);
      if (page.length < PAGE_ROWS) break;
    }
    return found;
  }
  return {
    reader,
    find,
    get: async (type, id) => {
      const state = await find(type, id);
      if (state) return state;
      throw failure('not_found', `There is no ${type} with the id ${id}.`, { type, id });
    },
    list,
    company: async () => {
      const [company] = await list('company');
      if (company) return company;
      throw failure('no_company', 'There is no company yet.');
    },
  };
}

/** What one capability may see: the types and fields its contract lists, and nothing secret. */
export function limitReads(store: RecordStore, contract: CapabilityContract): RecordReads {
  function limited(state: RecordState): RecordState {
    const allowed = contract.reads[state.type];
    if (!allowed) {
      throw failure('denied', `${contract.name} does not list ${state.type} among what it reads.`, {
        capability: contract.name,
        type: state.type,
      });
    }
    const classes = definitionOf(state.type).fields;
    const fields: JsonObject = Object.fromEntries(
      Object.entries(state.fields).filter(([name]) =>
        allowed === '*' ? classes[name] !== 'secret' : allowed.includes(name),
      ),
    );
    return { ...state, fields };
  }
  return {
    find: async (type, id) => {
      const state = await store.find(type, id);
      return state && limited(state);
    },
    list: async (type, where) => (await store.list(type, where)).map(limited),
    company: async () => limited(await store.company()),
  };
}

function fits(row: RecordState, where: RecordFilter): boolean {
  return Object.entries(where).every(([path, value]) => atPath(row.fields, path) === value);
}
