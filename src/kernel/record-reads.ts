import type { RecordFilter, RecordReads } from '../agent/index.ts';
import { atPath, type Id, type JsonObject, withPath } from '../base/index.ts';
import {
  type CapabilityContract,
  type Failure,
  failure,
  joinLabels,
  type Label,
  labelOfAll,
  OPERATOR,
} from '../contract/index.ts';
import type { FoldReader, Log } from '../log/index.ts';
import {
  atOrAbove,
  definitionOf,
  labelsOfRecord,
  leavesOf,
  type RecordState,
  recordAt,
  recordsFold,
  recordVersionsFold,
} from '../records/index.ts';

/** records in one list that a capability asks for: what it holds in memory at a time stays bounded */
const LISTED = 20_000;

/** Records of one moment. */
export interface RecordReader {
  readonly find: (type: string, id: Id) => Promise<RecordState | undefined>;
  /** Fails with `not_found`. */
  readonly get: (type: string, id: Id) => Promise<RecordState>;
  readonly list: (type: string, where?: RecordFilter) => Promise<readonly RecordState[]>;
  /** all that are not archived, one page of them in memory at a time */
  readonly every: (type: string) => AsyncIterable<RecordState>;
  readonly company: () => Promise<RecordState>;
}

/** Records as they are now. */
export interface RecordStore extends RecordReader {
  /** The same as it was once event `seq` had happened, whatever comes in while somebody reads. */
  readonly at: (seq: number) => RecordReader;
  readonly reader: FoldReader<RecordState>;
}

export function createRecordStore(log: Log): RecordStore {
  const reader = log.fold(recordsFold);
  const versions = log.fold(recordVersionsFold);
  const at = (seq: number): RecordReader => createRecordReader(reader, versions, seq);
  return { reader, at, ...at(Number.POSITIVE_INFINITY) };
}

function createRecordReader(
  reader: FoldReader<RecordState>,
  versions: FoldReader<RecordState>,
  seq: number,
): RecordReader {
  const then = (state: RecordState) =>
    state.seq <= seq ? state : recordAt(versions, state.type, state.id, seq);
  async function find(type: string, id: Id): Promise<RecordState | undefined> {
    const state = await reader.get(`${type}/${id}`);
    return state && then(state);
  }
  async function* every(type: string): AsyncIterable<RecordState> {
    for await (const { row } of reader.every({ equals: `${type}/` })) {
      const state = row.seq <= seq ? row : await then(row);
      if (state && !state.archived) yield state;
    }
  }
  async function list(type: string, where: RecordFilter = {}): Promise<readonly RecordState[]> {
    const found: RecordState[] = [];
    for await (const state of every(type)) if (fits(state, where)) found.push(state);
    return found;
  }
  return {
    find,
    get: async (type, id) => {
      const state = await find(type, id);
      if (state) return state;
      throw failure('not_found', `There is no ${type} with the id ${id}.`, { type, id });
    },
    list,
    every,
    company: async () => {
      const [company] = await list('company');
      if (company) return company;
      throw failure('no_company', 'There is no company yet.');
    },
  };
}

/** Reads that remember what everything they gave out is worth. */
export interface LimitedReads extends RecordReads {
  /** the join of all fields that were handed over so far */
  readonly seen: () => Label;
}

/** What one capability may see: the types and fields its contract lists, and nothing secret. */
export function limitReads(store: RecordReader, contract: CapabilityContract): LimitedReads {
  let seen: Label = OPERATOR;
  function limited(state: RecordState): RecordState {
    const view = limitFields(contract, state);
    seen = joinLabels(seen, labelOfAll(labelsOfRecord(view)));
    return view;
  }
  return {
    find: async (type, id) => {
      readablePaths(contract, type); // refused whether there is one or not
      const state = await store.find(type, id);
      return state && limited(state);
    },
    list: async (type, where = {}) => {
      readablePaths(contract, type);
      const found: RecordState[] = [];
      for await (const state of store.every(type)) {
        // filtered by what it may see, so that nothing can be found out by asking
        if (!fits(limitFields(contract, state), where)) continue;
        if (found.length === LISTED) throw tooMany(contract, type);
        found.push(limited(state));
      }
      return found;
    },
    company: async () => limited(await store.company()),
    seen: () => seen,
  };
}

/**
 * A record with the fields that a contract lists. `'*'` stands for all that is public or business, and
 * for what is personal only where the capability keeps its input on this machine; anything that hands
 * data on must name each personal field. What is secret is given to no capability, named or not.
 */
export function limitFields(contract: ReadContract, state: RecordState): RecordState {
  const paths = readablePaths(contract, state.type);
  let fields: JsonObject = {};
  for (const path of paths) {
    const value = atPath(state.fields, path);
    if (value !== undefined) fields = withPath(fields, path, value);
  }
  const { labels, ...rest } = state;
  const kept = Object.entries(labels ?? {}).filter(([path]) => paths.has(path));
  return { ...rest, fields, ...(kept.length > 0 ? { labels: Object.fromEntries(kept) } : {}) };
}

/** The part of a contract that says what may be read. */
type ReadContract = Pick<CapabilityContract, 'name' | 'reads' | 'placement'>;

const readable = new WeakMap<ReadContract, Map<string, ReadonlySet<string>>>();

/** The leaves of a record type that a contract may see. Fails with `denied` for a type it lacks. */
function readablePaths(contract: ReadContract, type: string): ReadonlySet<string> {
  const known = readable.get(contract) ?? new Map<string, ReadonlySet<string>>();
  readable.set(contract, known);
  let paths = known.get(type);
  if (!paths) {
    const listed = contract.reads[type];
    if (!listed) {
      throw failure('denied', `${contract.name} does not list ${type} among what it reads.`, {
        capability: contract.name,
        type,
      });
    }
    const { schema, fields } = definitionOf(type);
    const stays = contract.placement === 'this-machine';
    const allowed = leavesOf(schema).filter(({ path }) => {
      const fieldClass = atOrAbove(fields, path);
      if (fieldClass === 'secret') return false;
      if (listed !== '*') return isListed(listed, path);
      return fieldClass !== 'personal' || stays;
    });
    paths = new Set(allowed.map(({ path }) => path));
    known.set(type, paths);
  }
  return paths;
}

/** `address` lists `address.city` too. */
function isListed(listed: readonly string[], path: string): boolean {
  return listed.some((name) => path === name || path.startsWith(`${name}.`));
}

/** Half a list would look like all of it: hours that nobody bills, a customer whom nobody finds. */
function tooMany({ name }: ReadContract, type: string): Failure {
  return failure(
    'too_large',
    `${name} asks for more than ${LISTED} of ${type} in one list.`,
    { capability: name, type, limit: LISTED },
    'Archive those that are over, then try again.',
  );
}

function fits(row: RecordState, where: RecordFilter): boolean {
  return Object.entries(where).every(([path, value]) => atPath(row.fields, path) === value);
}
