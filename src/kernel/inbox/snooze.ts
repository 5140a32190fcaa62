import { type Id, LIMITS } from '../../base/index.ts';
import { failure, OPERATOR, type StoredEvent, toFailure } from '../../contract/index.ts';
import type { Log } from '../../log/index.ts';
import { fact } from '../events.ts';
import { itemsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import type { ItemReads } from './item-reads.ts';

/** When an item comes back: at a time, at an event, or at whichever comes first. */
export interface SnoozeUntil {
  /** UTC ms */
  readonly until?: number;
  readonly event?: {
    /** such as `payment.created` */
    readonly type: string;
    /** only in this stream, such as `party/<id>`, or in one below it: `hook/shop` is all it delivers */
    readonly of?: string;
  };
}

export type SnoozeItem = (id: Id, until: SnoozeUntil, by: string) => Promise<void>;

const EVENT_TYPE = /^[a-z][a-z-]*\.[a-z][a-z-]*$/;

export interface SnoozePorts extends Pick<KernelPorts, 'log' | 'clock'> {
  readonly awaitEvent: ItemWaker['awaitEvent'];
}

/** Takes an item out of the list for a while. Fails with `invalid_input`, `already_decided`. */
export function createSnoozeItem(
  { log, clock, awaitEvent }: SnoozePorts,
  reads: Pick<ItemReads, 'openItem'>,
): SnoozeItem {
  return async (id, { until, event }, by) => {
    if (until === undefined && event === undefined) {
      throw failure('invalid_input', 'Say until when: a time, or what has to happen.', {
        path: 'until',
      });
    }
    if (until !== undefined && !(until > clock.now())) {
      throw failure('invalid_input', 'Name a time that is still to come.', { path: 'until' });
    }
    // an item that its own putting off brought back would never be away
    if (event && (!EVENT_TYPE.test(event.type) || event.type.startsWith('item.'))) {
      throw failure(
        'invalid_input',
        `Nothing called "${event.type}" can bring it back.`,
        { path: 'event', found: event.type },
        'Name what is written to the log, such as payment.created or party.changed.',
      );
    }
    const item = await reads.openItem(id);
    const awaited = event && awaitedBy(event.type, event.of);
    const data = {
      ...(until === undefined ? {} : { until }),
      ...(awaited === undefined ? {} : { event: awaited }),
    };
    const snooze = async (): Promise<void> => {
      await log.append([
        {
          stream: `item/${item.id}`,
          expectedVersion: await log.streamVersion(`item/${item.id}`),
          events: [fact('item.snoozed', data, { by, label: OPERATOR })],
        },
      ]);
    };
    await (awaited === undefined ? snooze() : awaitEvent(awaited, snooze));
  };
}

/** One text for "an event of this type", in any stream or in this one. */
function awaitedBy(type: string, stream = ''): string {
  return stream === '' ? type : `${type} ${stream}`;
}

/** A stream and those it lies below: `hook/shop/3fa9`, `hook/shop`. */
function streamsAround(stream: string): readonly string[] {
  const [noun = '', ...names] = stream.split('/');
  if (names.length === 0) return [stream];
  return names.map((_, index) => [noun, ...names.slice(0, index + 1)].join('/'));
}

/** Brings items back when what they wait for happens. */
export interface ItemWaker {
  /** Puts an item off until an event; the event is looked for from before that is in the log. */
  readonly awaitEvent: (awaited: string, snooze: () => Promise<void>) => Promise<void>;
  /** After a restart: what happened while nobody looked. */
  readonly catchUp: () => Promise<void>;
  readonly close: () => void;
}

/** `beside` is told of the work that an event leads to. */
export function createItemWaker(log: Log, beside: (work: Promise<void>) => void): ItemWaker {
  const items = log.fold(itemsFold);
  /** what items wait for; one too many costs a look */
  const awaited = new Set<string>();
  /** items on their way into the log, by what they will wait for */
  const coming = new Map<string, number>();
  /** by type of event: a type that somebody once waited for is followed to the end */
  const following = new Map<string, () => void>();

  function watch(key: string): void {
    awaited.add(key);
    const [type = ''] = key.split(' ');
    if (following.has(type)) return;
    const stop = log.follow(
      (other) => other === type,
      (events) => beside(deliver(events)),
    );
    following.set(type, stop);
  }

  async function deliver(events: readonly StoredEvent[]): Promise<void> {
    for (const { type, stream, seq } of events) {
      for (const key of [type, ...streamsAround(stream).map((own) => awaitedBy(type, own))]) {
        if (awaited.has(key)) await wake(key, seq);
      }
    }
  }

  async function wake(key: string, seq: number): Promise<void> {
    for await (const { row } of items.every({ index: 'awaits', equals: key })) {
      if ((row.snoozedAt ?? 0) < seq) await wakeItem(log, row.id, 'What you waited for happened.');
    }
    const isOver = (await items.count({ index: 'awaits', equals: key })) === 0;
    if (isOver && !coming.has(key)) awaited.delete(key);
  }

  return {
    awaitEvent: async (key, snooze) => {
      watch(key);
      coming.set(key, (coming.get(key) ?? 0) + 1);
      try {
        await snooze();
      } finally {
        const left = (coming.get(key) ?? 1) - 1;
        if (left > 0) coming.set(key, left);
        else coming.delete(key);
      }
    },
    catchUp: async () => {
      for await (const { row } of items.every({ index: 'awaits' })) {
        const { snoozedFor, snoozedAt } = row;
        if (snoozedFor === null || snoozedAt === null) continue;
        watch(snoozedFor);
        const [type = '', stream] = snoozedFor.split(' ');
        const found = await firstOf(log, snoozedAt, type, stream);
        if (found !== undefined) await wake(snoozedFor, found);
      }
    },
    close: () => {
      for (const stop of following.values()) stop();
    },
  };
}

/** Seq of the first event of this type after a seq, in this stream or in any. */
async function firstOf(
  log: Log,
  since: number,
  type: string,
  stream: string | undefined,
): Promise<number | undefined> {
  for (let after = since; ; ) {
    const events = await log.read({ after, limit: LIMITS.pageRows, types: [type] });
    const found = events.find(
      (event) => stream === undefined || streamsAround(event.stream).includes(stream),
    );
    if (found || events.length < LIMITS.pageRows) return found?.seq;
    after = events.at(-1)?.seq ?? after;
  }
}

/** Unless somebody dealt with it in this moment. */
export async function wakeItem(log: Log, id: Id, because: string): Promise<void> {
  const stream = `item/${id}`;
  const expectedVersion = await log.streamVersion(stream);
  const row = await log.fold(itemsFold).get(id);
  if (row?.status !== 'snoozed') return;
  try {
    await log.append([{ stream, expectedVersion, events: [fact('item.woken', { because })] }]);
  } catch (error) {
    if (toFailure(error).code !== 'version_conflict') throw error;
  }
}
