import type { Id } from '../../base/index.ts';
import type { GoalSpan } from './goal-words.ts';

/** One way to understand some tokens in a row, from `from` up to but not including `to`. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly means: GoalSpan['means'];
  readonly party?: Id;
  /** YYYY-MM */
  readonly month?: string;
  readonly days?: number;
  /** asks for the playbook */
  readonly intent?: true;
  /** begins or ends a phrase with other words between, by the number of the phrase */
  readonly opens?: number;
  readonly closes?: number;
  /** a request in the form of a question: allows a question mark */
  readonly polite?: true;
  /** why, where it is not plain to see */
  readonly because?: string;
}

/** True when `words` stand at `at`. */
export function standsAt(words: readonly string[], at: number, phrase: readonly string[]): boolean {
  return phrase.length > 0 && phrase.every((word, index) => words[at + index] === word);
}
