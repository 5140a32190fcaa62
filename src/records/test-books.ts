import { isJsonObject, type JsonObject, withPath } from '../base/index.ts';
import type { StoredEvent } from '../contract/index.ts';
import type { Fold } from '../log/index.ts';
import { decideRecord, type NewRecordEvent } from './decide-record.ts';
import type { RecordContext, RecordState } from './define-record.ts';
import { ERASED } from './erased.ts';
import type { RecordCommand } from './record-command.ts';
import { recordVersionsFold } from './record-versions-fold.ts';
import { recordsFold } from './records-fold.ts';

// For the tests of this module: a log without storage and the folds that follow it, all in memory.

/** An event with whose data it holds, as the log keeps it. */
export type TestEvent = StoredEvent & { readonly personal?: NewRecordEvent['personal'] };

/** Everything that tests of records need: commands go in, events and rows come out. */
export class TestBooks {
  readonly events: TestEvent[] = [];
  readonly rows = new Map<string, RecordState>();
  readonly versions = new Map<string, RecordState>();

  /** Decides a command on the rows as they are and appends what comes of it. */
  do(command: RecordCommand): readonly TestEvent[] {
    const stream = `${command.record}/${command.id}`;
    const decided = decideRecord(this.rows.get(stream), command, this.context());
    return decided.map((event) => this.append(stream, event));
  }

  append(stream: string, { type, data, personal }: NewRecordEvent): TestEvent {
    const before = this.events.filter((event) => event.stream === stream);
    const event = stored({
      seq: this.events.length + 1,
      stream,
      version: before.length + 1,
      type,
      data,
    });
    const kept = personal ? { ...event, personal } : event;
    this.events.push(kept);
    this.follow(event);
    return kept;
  }

  follow(event: StoredEvent): void {
    applyTo(this.rows, recordsFold, event);
    applyTo(this.versions, recordVersionsFold, event);
  }

  state(type: string, id: string): RecordState {
    const state = this.rows.get(`${type}/${id}`);
    if (!state) throw new Error(`no ${type} ${id}`);
    return state;
  }

  /**
   * The books that the log gives once the key of `subject` is gone. `subject.erased` itself is left
   * out: what it redacts must be exactly what was sealed.
   */
  rebuiltWithout(subject: string): TestBooks {
    const books = new TestBooks();
    for (const event of this.events) {
      if (event.type === 'subject.erased') continue;
      const isGone = event.personal?.subject === subject;
      const data = (isGone ? (event.personal?.paths ?? []) : []).reduce<JsonObject>(
        (left, path) => withPath(left, path, ERASED),
        event.data,
      );
      books.events.push({ ...event, data });
      books.follow({ ...event, data });
    }
    return books;
  }

  context(): RecordContext {
    return {
      newId: () => `id-${this.events.length}`,
      now: 0,
      references: (type, id) => this.rows.get(`${type}/${id}`),
    };
  }
}

function applyTo(
  rows: Map<string, RecordState>,
  fold: Fold<RecordState>,
  event: StoredEvent,
): void {
  if (!fold.reads(event.type)) return;
  const keys = fold.keys(event);
  const found = new Map(
    keys.flatMap((key) => {
      const row = rows.get(key);
      return row ? [[key, row] as const] : [];
    }),
  );
  for (const [key, row] of fold.apply(found, event)) {
    if (!keys.includes(key)) throw new Error(`${fold.name} changed ${key} without naming it`);
    if (row === null) rows.delete(key);
    else rows.set(key, row);
  }
}

function stored(event: {
  seq: number;
  stream: string;
  version: number;
  type: string;
  data: JsonObject;
}): StoredEvent {
  return {
    ...event,
    company: 'c',
    id: `e-${event.seq}`,
    at: 1_790_000_000_000 + event.seq * 1_000,
    by: 'kernel',
    label: { integrity: 'own', placement: 'anywhere' },
    engine: '0.1.0',
    dataHash: '',
    hash: '',
  };
}

/** The facts of the failure that `act` ends in. */
export function failureOf(act: () => unknown): JsonObject {
  try {
    act();
  } catch (error) {
    if (error instanceof Error && 'toData' in error && typeof error.toData === 'function') {
      const data: unknown = error.toData();
      if (isJsonObject(data)) return data;
    }
    throw error;
  }
  throw new Error('nothing failed');
}
