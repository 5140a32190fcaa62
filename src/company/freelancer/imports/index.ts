// imports: files of others become commands on our records.
// Owns: reading CSV exports of time trackers and lists of parties, and deciding what each row does.
// Never: opens a file, appends, or answers a question itself. Part of company (floor 7).
export { type ByteSource, IMPORT_LIMITS } from './byte-source.ts';
export {
  addCounts,
  type ImportAnswers,
  type ImportCounts,
  type ImportQuestion,
  NO_COUNTS,
  type QuestionKind,
  type RowRemark,
} from './import-outcome.ts';
export type { DateOrder } from './import-values.ts';
export type { NamedParty, NamedProject } from './name-book.ts';
export {
  PARTY_COLUMNS,
  type PartyColumn,
  type PartyFile,
  type PartyRow,
  readPartyRows,
} from './party-rows.ts';
export {
  type ExistingParty,
  type PartyImportContext,
  type PartyImportPlan,
  planPartyImport,
} from './plan-party-import.ts';
export {
  type ExistingEntry,
  type ExistingRecords,
  entryQueries,
  type ImportStep,
  planTimeImport,
  type TimeImportContext,
} from './plan-time-import.ts';
export { type PlacedRow, readTimeRows, type TimeBatch } from './read-time-rows.ts';
export {
  type SurveyOptions,
  type SurveyOutcome,
  surveyTimeFile,
  type TimeSurvey,
} from './survey-time-file.ts';
export { KEY_RULES, TIME_LAYOUTS, type TimeLayoutName } from './time-layouts.ts';
