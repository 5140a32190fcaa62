import { type Id, sha256 } from '../../../base/index.ts';
import { definitionOf, type RecordState, titleOf } from '../../../records/index.ts';
import type { StandingMention } from './standing-mentions.ts';
import type { SubjectSurvey } from './survey-subject.ts';

/** What an erasure would do: what goes, what stays and why, and what the operator has to look at. */
export interface ErasurePreview {
  readonly subject: Id;
  readonly title: string;
  readonly goes: {
    /** records whose personal fields go */
    readonly records: readonly NamedRecord[];
    /** events of the log whose payload goes; the chain stays */
    readonly events: number;
    readonly files: number;
    /** rows of lists: runs, inbox items, effects ... */
    readonly rows: number;
  };
  readonly stays: readonly (NamedRecord & { readonly because: string; readonly until: string })[];
  readonly mentions: readonly NamedRecord[];
  /** rules and names that speak of the person and stay, and why */
  readonly standing: readonly StandingMention[];
  /** for so long copies in backups can be read */
  readonly backupDays: number;
  /** SHA-256 of all of it: what is signed is what was shown */
  readonly digest: string;
}

export interface NamedRecord {
  readonly type: string;
  readonly id: Id;
  readonly title: string;
}

/** Backups of the key vault live this long (DESIGN section 4). */
export const BACKUP_DAYS = 30;
/** lines of one list in the sentences; the preview has all of them */
const LINES = 20;

export function previewOf(survey: SubjectSurvey, subject: Id): ErasurePreview {
  const held = new Set(survey.held.map(({ state }) => state));
  const own = survey.records.find(({ id }) => id === subject) ?? survey.records[0];
  const shown = {
    subject,
    title: own ? titleOf(own) : subject,
    goes: {
      records: survey.records.filter((state) => !held.has(state)).map(named),
      events: survey.shred.length,
      files: survey.blobs.length,
      rows: Object.values(survey.rows).reduce((sum, keys) => sum + keys.length, 0),
    },
    stays: survey.held.map(({ state, because, until }) => ({ ...named(state), because, until })),
    mentions: survey.mentions.map(named),
    standing: survey.standing,
    backupDays: BACKUP_DAYS,
  };
  // the titles themselves may be what is shown differently later; versions say what changed
  const versions = survey.records.map(({ type, id, version }) => ({ type, id, version }));
  return { ...shown, digest: sha256(JSON.stringify({ shown, versions, shred: survey.shred })) };
}

/** The preview as a person reads it before signing. */
export function erasureSentences(preview: ErasurePreview, because: string): readonly string[] {
  const { title, goes, stays, mentions, standing, backupDays } = preview;
  return [
    `Erases everything personal about "${title}" for good: ${because}`,
    `Goes: what is personal in ${count(goes.records.length, 'record')}, ${count(goes.events, 'event')} of the log, ${count(goes.files, 'file')}. Nobody can bring it back.`,
    ...capped(goes.records.map((record) => `Goes: ${words(record)}`)),
    ...capped(stays.map((one) => `Stays until ${one.until}: ${words(one)}. ${one.because}`)),
    ...capped(standing.map((one) => `Stays: ${one.what} "${one.id}" names them. ${one.because}`)),
    ...capped(mentions.map((one) => `Look at it yourself, it mentions them: ${words(one)}`)),
    `Copies in backups can be read for ${backupDays} more days. What went out is with those who received it.`,
  ];
}

function capped(lines: readonly string[]): readonly string[] {
  return lines.length <= LINES
    ? lines
    : [...lines.slice(0, LINES), `... and ${lines.length - LINES} more of these.`];
}

function words({ type, title }: NamedRecord): string {
  return `${definitionOf(type).title.toLowerCase()} "${title}"`;
}

function named(state: RecordState): NamedRecord {
  return { type: state.type, id: state.id, title: titleOf(state) };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
