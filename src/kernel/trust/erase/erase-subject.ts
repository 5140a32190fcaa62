import { atPath, type Id, type JsonObject, toTimestamp, withPath } from '../../../base/index.ts';
import { failure, type NewEvent, OPERATOR, type StoredEvent } from '../../../contract/index.ts';
import type { StreamAppend } from '../../../log/index.ts';
import { keptType, labelsOfRecord, type RecordState } from '../../../records/index.ts';
import { eventsOfStream } from '../../events-of-stream.ts';
import type { ActBodies } from '../act-bodies.ts';
import type { ActPorts } from '../propose-act.ts';
import { openErasuresFold } from '../trust-folds.ts';
import { BACKUP_DAYS, type ErasurePreview, previewOf } from './erasure-preview.ts';
import type { StandingMention } from './standing-mentions.ts';
import { type SubjectSurvey, surveySubject } from './survey-subject.ts';

/** What erasing needs of the world; the composition root has the vault, the store and the files. */
export interface Erasure {
  /** Destroys a person's key at once and for good. True when there was one. */
  readonly destroyKey: (subject: Id) => boolean;
  /** Destroys the payloads of these events durably; the chain stays whole. */
  readonly shred: (seqs: readonly number[]) => Promise<void>;
  /** True when there were bytes. */
  readonly eraseBlob: (hash: string) => Promise<boolean>;
}

/** What became of everything, store by store. */
export interface ErasureReceipt {
  readonly subject: Id;
  readonly at: string;
  readonly stores: {
    readonly log: { readonly sealed: number; readonly shredded: number };
    readonly folds: { readonly redacted: number; readonly dropped: number };
    readonly blobs: { readonly erased: number };
    /** the key that sealed what records say of the person: without it nobody reads that, anywhere */
    readonly keys: { readonly destroyed: true };
    /** copies in backups can be read until then; after it the erasure is complete */
    readonly backups: { readonly until: string };
    readonly outside: string;
  };
  /** what the law asks to keep, why and until when */
  readonly kept: readonly {
    readonly type: string;
    readonly id: Id;
    readonly because: string;
    readonly until: string;
  }[];
  /** other records whose words mention the person: look at them yourself */
  readonly mentions: readonly { readonly type: string; readonly id: Id }[];
  /** rules and names that speak of the person and stay; absent in receipts of an older Steward */
  readonly standing?: readonly StandingMention[];
}

/** Payloads that one erasure destroys; the list of them must fit into one event. */
const SHRED_MAX = 20_000;

/** Records and rules that stay and are named in the log; the preview has all of them. */
const LISTED = 1_000;

/** What an erasure writes in one append; the rest follows from it, also after a crash. */
export interface ErasurePlan {
  readonly appends: readonly StreamAppend[];
  /** Destroys what the append names. */
  readonly finish: () => Promise<ErasureReceipt>;
}

/**
 * Erases a person, once it is signed: what the law asks to keep is said once more under its own key, then
 * the person's key, the payloads that name them, and their files are destroyed. The chain verifies as
 * before. Fails with `not_found`, `not_possible` (work under way that speaks of them), `too_large`,
 * `stale` (not what was shown any more).
 */
export async function planErasure(
  ports: ActPorts,
  { subject, because, shown }: ActBodies['erase'],
  by: string,
): Promise<ErasurePlan> {
  const erasure = erasureOf(ports);
  const { survey } = await surveyAsShown(ports, subject, shown);
  const stream = `subject/${subject}`;
  const erased: NewEvent = {
    type: 'subject.erased',
    data: erasedData(subject, because, survey),
    by,
    label: OPERATOR,
  };
  return {
    appends: [
      ...survey.held.map(({ state }) => keep(state, subject, by)),
      { stream, expectedVersion: await ports.log.streamVersion(stream), events: [erased] },
    ],
    finish: () => destroy(ports, erasure, subject),
  };
}

/** What an erasure would do, without doing it; `shown` is what was seen before. Fails as `planErasure`. */
export async function previewErasure(
  ports: ActPorts,
  subject: Id,
  shown?: string,
): Promise<ErasurePreview> {
  erasureOf(ports);
  return (await surveyAsShown(ports, subject, shown)).preview;
}

async function surveyAsShown(ports: ActPorts, subject: Id, shown: string | undefined) {
  const survey = await surveySubject(ports, subject);
  refuse(survey, subject);
  const preview = previewOf(survey, subject);
  if (shown === undefined || shown === preview.digest) return { survey, preview };
  throw failure(
    'stale',
    'Something about this person changed since you looked.',
    { subject },
    'Look again at what would go and stay, and sign that.',
  );
}

/** Goes on with erasures that a crash interrupted after they were written down. */
export async function finishErasures(ports: ActPorts): Promise<number> {
  if (!ports.erasure) return 0;
  let count = 0;
  for await (const { key } of ports.log.fold(openErasuresFold).every()) {
    await destroy(ports, ports.erasure, key);
    count += 1;
  }
  return count;
}

/** Does what the last `subject.erased` says; each part may be done twice without harm. */
async function destroy(ports: ActPorts, erasure: Erasure, subject: Id): Promise<ErasureReceipt> {
  const { log, clock } = ports;
  const stream = `subject/${subject}`;
  let erased: StoredEvent | undefined;
  for await (const event of eventsOfStream(log, stream)) {
    if (event.type === 'subject.erased') erased = event;
  }
  if (!erased) throw failure('not_found', `Nothing about ${subject} was erased.`);
  const data = erased.data as unknown as ErasedData; // written by erasedData, below
  erasure.destroyKey(subject);
  await erasure.shred(data.shred);
  let files = 0;
  for (const blob of data.blobs) if (await erasure.eraseBlob(blob)) files += 1;
  const receipt: ErasureReceipt = {
    subject,
    at: toTimestamp(clock.now()),
    stores: {
      log: { sealed: data.records.length, shredded: data.shred.length },
      folds: {
        redacted: data.records.reduce((sum, { versions }) => sum + versions, 0),
        dropped: Object.values(data.rows).reduce((sum, keys) => sum + keys.length, 0),
      },
      blobs: { erased: files },
      keys: { destroyed: true },
      backups: { until: toTimestamp(erased.at + BACKUP_DAYS * 86_400_000) },
      outside: 'What went out is with those who received it.',
    },
    kept: data.kept,
    mentions: data.mentions,
    standing: data.standing ?? [],
  };
  const finished: NewEvent = {
    type: 'erasure.finished',
    data: { receipt: JSON.parse(JSON.stringify(receipt)) },
    by: 'kernel',
    label: OPERATOR,
  };
  await log.append([{ stream, expectedVersion: 'any', events: [finished] }], { barrier: true });
  return receipt;
}

interface ErasedData {
  readonly records: readonly {
    readonly type: string;
    readonly id: Id;
    readonly versions: number;
  }[];
  readonly shred: readonly number[];
  readonly blobs: readonly string[];
  readonly rows: { readonly [fold: string]: readonly string[] };
  readonly kept: ErasureReceipt['kept'];
  readonly mentions: ErasureReceipt['mentions'];
  readonly standing?: ErasureReceipt['standing'];
}

function erasedData(subject: Id, because: string, survey: SubjectSurvey): JsonObject {
  const held = new Set(survey.held.map(({ state }) => state));
  const data: ErasedData & JsonObject = {
    subject,
    because,
    // versions up to now; of those that are kept, the new one is not among them
    records: survey.records.map(({ type, id, version }) => ({ type, id, versions: version })),
    shred: survey.shred,
    blobs: survey.blobs,
    rows: survey.rows,
    destinations: survey.destinations,
    kept: survey.held.map(({ state: { type, id }, because: law, until }) => ({
      ...{ type, id, because: law, until },
    })),
    mentions: survey.mentions.slice(0, LISTED).map(({ type, id }) => ({ type, id })),
    standing: survey.standing.slice(0, LISTED).map((one) => ({ ...one })),
    heldRecords: held.size,
  };
  return data;
}

/** The personal fields of a held record once more, sealed as the record's own. */
function keep(state: RecordState, subject: Id, by: string): StreamAppend {
  const paths = Object.entries(state.subjects).flatMap(([path, owner]) =>
    owner === subject ? [path] : [],
  );
  const labels = labelsOfRecord(state).at ?? {};
  const fieldLabels = Object.fromEntries(
    paths.flatMap((path) => {
      const label = labels[path];
      return label ? [[`fields.${path}`, label] as const] : [];
    }),
  );
  let fields: JsonObject = {};
  for (const path of paths) fields = withPath(fields, path, atPath(state.fields, path));
  const event: NewEvent = {
    type: keptType(state.type),
    data: { fields },
    by,
    label: OPERATOR,
    ...(Object.keys(fieldLabels).length > 0 ? { fieldLabels } : {}),
    personal: { subject: state.id, paths: paths.map((path) => `fields.${path}`) },
  };
  return { stream: `${state.type}/${state.id}`, expectedVersion: state.version, events: [event] };
}

function refuse(survey: SubjectSurvey, subject: Id): void {
  if (survey.records.length === 0) {
    throw failure('not_found', `Nothing personal is kept about ${subject}.`, { subject });
  }
  if (survey.underWay.length > 0) {
    throw failure(
      'not_possible',
      'Work that speaks of this person is not over yet.',
      { underWay: survey.underWay.map(({ what, id }) => ({ what, id })) },
      'Finish or cancel it first, then erase.',
    );
  }
  if (survey.shred.length > SHRED_MAX) {
    throw failure('too_large', `${survey.shred.length} events are too many for one erasure.`, {
      events: survey.shred.length,
      limit: SHRED_MAX,
    });
  }
}

function erasureOf({ erasure }: ActPorts): Erasure {
  if (erasure) return erasure;
  throw failure('not_possible', 'This home cannot erase: it was opened without its keys.');
}
