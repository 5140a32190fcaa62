/** A row that did not go in, or a remark about one that did. */
export interface RowRemark {
  /** physical line of the file, from 1 */
  readonly line: number;
  /** header of the column, as written; empty for the row as a whole */
  readonly column: string;
  /** one plain sentence */
  readonly reason: string;
}

export const QUESTION_KINDS = [
  'date-order',
  'twin',
  'same-start',
  'correction',
  'billed',
  'edited',
  'party',
] as const;
export type QuestionKind = (typeof QUESTION_KINDS)[number];

/** What a file does not settle. Rows it concerns wait; all others go in. */
export interface ImportQuestion {
  /** the same at every import of the same rows: an answer can be kept under it */
  readonly id: string;
  readonly kind: QuestionKind;
  /** line of the row it is about, where there is one */
  readonly line?: number;
  readonly question: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}

/** Answers by question id: one of the values offered. */
export type ImportAnswers = { readonly [questionId: string]: string };

/** The figures of an import. `read` is the sum of all the others and of the rows refused. */
export interface ImportCounts {
  readonly read: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly duplicates: number;
  /** rows that wait for an answer */
  readonly asked: number;
}

export const NO_COUNTS: ImportCounts = {
  read: 0,
  added: 0,
  changed: 0,
  unchanged: 0,
  duplicates: 0,
  asked: 0,
};

export function addCounts(a: ImportCounts, b: ImportCounts): ImportCounts {
  return {
    read: a.read + b.read,
    added: a.added + b.added,
    changed: a.changed + b.changed,
    unchanged: a.unchanged + b.unchanged,
    duplicates: a.duplicates + b.duplicates,
    asked: a.asked + b.asked,
  };
}

/** The answer to `question`, if one of its options was given. */
export function answerTo(question: ImportQuestion, answers: ImportAnswers): string | undefined {
  const answer = Object.hasOwn(answers, question.id) ? answers[question.id] : undefined;
  return question.options.some(({ value }) => value === answer) ? answer : undefined;
}
