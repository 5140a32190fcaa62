import type { Sha256 } from '../base/index.ts';

/** The exact state something was decided on. */
export type Snapshot = {
  readonly seq: number;
  readonly hash: Sha256;
  /** version of the policy in force */
  readonly policy: string;
  /** vector space of memory in force; `lexical` where there is none */
  readonly space: string;
};
