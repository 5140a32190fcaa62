import { type Id, isJsonObject, LIMITS } from '../../../base/index.ts';
import type { StoredEvent } from '../../../contract/index.ts';
import { isRecordEvent, legalHold, type RecordState } from '../../../records/index.ts';
import { asKernelEvent } from '../../events.ts';
import {
  type DestinationRow,
  destinationsIn,
  effectsFold,
  itemsFold,
  runsFold,
  waitsFold,
} from '../../folds.ts';
import { deliveriesFold, hooksFold } from '../../hooks/hook-folds.ts';
import { isRunEnded } from '../../run/lifecycle.ts';
import { schedulesFold } from '../../schedules/schedules-fold.ts';
import type { ActPorts } from '../propose-act.ts';
import { mentionsAny, namesOf, type PersonNames, textsIn } from './names-of-person.ts';
import {
  isStanding,
  namedStream,
  type StandingMention,
  standingMention,
} from './standing-mentions.ts';

/** Everything that the house holds about a person, and what becomes of it. */
export interface SubjectSurvey {
  /** records that hold something under the person's key */
  readonly records: readonly RecordState[];
  /** of those, what the law asks to keep */
  readonly held: readonly {
    readonly state: RecordState;
    readonly because: string;
    readonly until: string;
  }[];
  /** events whose payload goes */
  readonly shred: readonly number[];
  /** rows of folds that go with them, by fold */
  readonly rows: { readonly [fold: string]: readonly string[] };
  /** what is left of the counts of destinations */
  readonly destinations: { readonly [key: string]: DestinationRow | null };
  readonly blobs: readonly string[];
  /** work that speaks of the person and is not over: nothing is erased under its feet */
  readonly underWay: readonly { readonly what: string; readonly id: Id }[];
  /** other records whose words mention the person; the operator has to look at them */
  readonly mentions: readonly RecordState[];
  /** rules and names that speak of the person and stay */
  readonly standing: readonly StandingMention[];
}

export async function surveySubject(ports: ActPorts, subject: Id): Promise<SubjectSurvey> {
  const all = await allRecords(ports);
  const records = [...all.values()].filter((state) => holds(state, subject));
  const held = await heldRecords(ports, records, all);
  const names = namesOf(records, subject, all.get(`company/${ports.log.company}`)?.fields ?? {});
  const found = await searchLog(ports, names);
  const kept = new Set(held.map(({ state }) => state));
  const inUse = blobsIn(
    [...all.values()].filter((state) => !holds(state, subject) || kept.has(state)),
  );
  const own = blobsIn(records.filter((state) => !kept.has(state)));
  return {
    records,
    held,
    shred: found.seqs,
    rows: found.rows,
    destinations: found.destinations,
    blobs: [...new Set([...found.blobs, ...own])].filter(
      (blob) => !inUse.has(blob) && !found.others.has(blob),
    ),
    underWay: found.underWay,
    standing: found.standing,
    mentions: [...all.values()].filter(
      // a reference by id is no mention: it leads to a record that says nothing any more
      (state) => !holds(state, subject) && mentionsAny(state.fields, names.texts),
    ),
  };
}

function holds(state: RecordState, subject: Id): boolean {
  return Object.values(state.subjects).includes(subject);
}

async function allRecords({ records }: ActPorts): Promise<ReadonlyMap<string, RecordState>> {
  const all = new Map<string, RecordState>();
  for await (const { key, row } of records.reader.every()) all.set(key, row);
  return all;
}

async function heldRecords(
  { clock, log }: ActPorts,
  records: readonly RecordState[],
  all: ReadonlyMap<string, RecordState>,
): Promise<SubjectSurvey['held']> {
  const country = String(all.get(`company/${log.company}`)?.fields.country ?? '');
  const today = new Date(clock.now()).toISOString().slice(0, 10);
  return records.flatMap((state) => {
    const hold = legalHold(state, { country, today }, (type, id) => all.get(`${type}/${id}`));
    return hold ? [{ state, ...hold }] : [];
  });
}

interface Found {
  readonly seqs: readonly number[];
  readonly rows: { readonly [fold: string]: readonly string[] };
  readonly destinations: { readonly [key: string]: DestinationRow | null };
  readonly blobs: readonly string[];
  /** work for others is made of these too: the same bytes are one file */
  readonly others: ReadonlySet<string>;
  readonly underWay: SubjectSurvey['underWay'];
  readonly standing: readonly StandingMention[];
}

/**
 * Two walks over the log: which runs and streams speak of the person, then every payload of those.
 * Records are sealed under keys and need no shredding. Rules and switches stay, and are named.
 */
async function searchLog(ports: ActPorts, names: PersonNames): Promise<Found> {
  const runs = new Set<Id>();
  const streams = new Set<string>();
  const standing = new Map<string, StandingMention>();
  const stays = (mention: StandingMention): void => {
    standing.set(`${mention.what}/${mention.id}`, mention);
  };
  const wanted = [names.id, ...names.texts];
  const imports = new Map<string, Id[]>();
  await walk(ports, (event) => {
    if (isStanding(event)) {
      // an erasure names the id of whom it erased, and has to
      const own = /^(subject|erasure)\./.test(event.type) ? names.texts : wanted;
      if (mentionsAny(event.data, own)) stays(standingMention(event));
      return;
    }
    const file = importOf(event);
    if (file !== undefined) {
      imports.set(file, [...(imports.get(file) ?? []), event.stream.slice('item/'.length)]);
    }
    const isNamed = mentionsAny(event.stream, names.texts);
    if (isNamed) stays(namedStream(event.stream));
    if (!isNamed && !mentionsAny(event.data, wanted)) return;
    if (event.run !== undefined) runs.add(event.run);
    if (event.stream.startsWith('run/')) runs.add(event.stream.slice('run/'.length));
    streams.add(event.stream);
  });
  for (const stream of [...streams])
    if (stream.startsWith('grant/')) streams.add(`grant-use/${stream.slice(6)}`);

  const files = await importsAbout(ports, imports, names);
  const seqs: number[] = [];
  const blobs = new Set<string>(files.over);
  const touched = new Set<string>();
  const left = new Map<string, DestinationRow>();
  const others = new Set<string>();
  await walk(ports, (event) => {
    if (isStanding(event)) return;
    const own =
      streams.has(event.stream) ||
      runs.has(event.run ?? '') ||
      (event.stream.startsWith('run/') && runs.has(event.stream.slice('run/'.length)));
    if (!own) {
      for (const blob of blobsOfEvent(event)) others.add(blob);
      for (const key of destinationsIn(event)) {
        left.set(key, { count: (left.get(key)?.count ?? 0) + 1, last: timeOf(event) });
      }
      return;
    }
    seqs.push(event.seq);
    streams.add(event.stream);
    for (const key of destinationsIn(event)) touched.add(key);
    for (const blob of blobsOfEvent(event)) blobs.add(blob);
  });
  return {
    seqs,
    blobs: [...blobs],
    others,
    rows: await rowsOf(ports, runs, streams),
    destinations: Object.fromEntries([...touched].map((key) => [key, left.get(key) ?? null])),
    underWay: [...(await openWork(ports, runs, streams)), ...files.open],
    standing: [...standing.values()],
  };
}

async function walk({ log }: ActPorts, visit: (event: StoredEvent) => void): Promise<void> {
  for (let after = 0; ; ) {
    const events = await log.read({ after, limit: LIMITS.pageRows });
    for (const event of events) {
      if (!event.erased && !isRecordEvent(event.type)) visit(event);
    }
    const last = events[events.length - 1];
    if (!last || events.length < LIMITS.pageRows) return;
    after = last.seq;
  }
}

/** Rows of the folds that follow these streams. */
async function rowsOf({ log }: ActPorts, runs: ReadonlySet<Id>, streams: ReadonlySet<string>) {
  const under = (prefix: string): readonly string[] =>
    [...streams].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const waits: string[] = [];
  for await (const { key, row } of log.fold(waitsFold).every()) {
    if (runs.has(row.run)) waits.push(key);
  }
  const grants = under('grant/');
  return {
    ...{ runs: [...runs], effects: under('effect/'), items: under('item/'), waits },
    tokens: under('token/'),
    hooks: under('hook/').filter((name) => !name.includes('/')),
    deliveries: under('hook/').filter((name) => name.includes('/')),
    ...{ schedules: under('schedule/'), grants, 'grant-use': under('grant-use/') },
  };
}

/** The file that a question of an import keeps aside until it is answered. */
function importOf(stored: StoredEvent): string | undefined {
  const event = asKernelEvent(stored);
  const { body } = event.type === 'item.opened' ? event.data : {};
  const kept = isJsonObject(body) ? body.import : undefined;
  return isJsonObject(kept) && typeof kept.blob === 'string' ? kept.blob : undefined;
}

/** Imported files that name the person: of questions that are over, and of open ones. */
async function importsAbout(
  { log, blobs }: ActPorts,
  imports: ReadonlyMap<string, readonly Id[]>,
  names: PersonNames,
): Promise<{ readonly over: readonly string[]; readonly open: SubjectSurvey['underWay'] }> {
  const items = log.fold(itemsFold);
  const over: string[] = [];
  const open: { what: string; id: Id }[] = [];
  for (const [blob, ids] of imports) {
    if (!(await blobs.has(blob))) continue;
    const text = Buffer.from(await blobs.get(blob)).toString();
    if (!mentionsAny(text, [names.id, ...names.texts])) continue;
    const asking = [...(await items.getMany(ids))].filter(([, { status }]) => status !== 'closed');
    open.push(...asking.map(([id]) => ({ what: 'inbox item', id })));
    if (asking.length === 0) over.push(blob);
  }
  return { over, open };
}

async function openWork(
  { log }: ActPorts,
  runs: ReadonlySet<Id>,
  streams: ReadonlySet<string>,
): Promise<SubjectSurvey['underWay']> {
  const open: { what: string; id: Id }[] = [];
  const idsUnder = (prefix: string): readonly string[] =>
    [...streams].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  for (const [id, row] of await log.fold(runsFold).getMany([...runs])) {
    if (!isRunEnded(row.status)) open.push({ what: 'run', id });
  }
  for (const [id, row] of await log.fold(itemsFold).getMany(idsUnder('item/'))) {
    if (row.status !== 'closed') open.push({ what: 'inbox item', id });
  }
  for (const [id] of await log.fold(schedulesFold).getMany(idsUnder('schedule/'))) {
    open.push({ what: 'schedule', id });
  }
  // without its row it would take nothing any more, and nobody would have said so
  for (const [id, { ended }] of await log.fold(hooksFold).getMany(idsUnder('hook/'))) {
    if (ended === null) open.push({ what: 'hook', id });
  }
  for (const [id, row] of await log.fold(deliveriesFold).getMany(idsUnder('hook/'))) {
    if (row.status === 'due') open.push({ what: 'delivery', id });
  }
  for (const [id, row] of await log.fold(effectsFold).getMany(idsUnder('effect/'))) {
    if (row.status === 'committing' || row.status === 'unknown') open.push({ what: 'effect', id });
  }
  return open;
}

function blobsOfEvent(stored: StoredEvent): readonly string[] {
  const event = asKernelEvent(stored);
  if (event.type === 'effect.finalised') return event.data.effect.parts.map(({ blob }) => blob);
  const output = event.type === 'step.completed' ? event.data.output : undefined;
  return isJsonObject(output) && typeof output.$blob === 'string' ? [output.$blob] : [];
}

/** Every blob that records refer to, wherever in their fields. */
function blobsIn(states: readonly RecordState[]): ReadonlySet<string> {
  return new Set(
    states.flatMap(({ fields }) => textsIn(fields)).filter((text) => /^[0-9a-f]{64}$/.test(text)),
  );
}

function timeOf(event: StoredEvent): string {
  return new Date(event.at).toISOString();
}
