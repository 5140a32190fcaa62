export type Verdict = 'allow' | 'ask' | 'deny';

/** One step of the way to a verdict, in the order in which it was looked at. */
export interface Reason {
  /** `class.final`, `rule.<id>`, `grant.<id>`, `rate.<id>` ...; the last one is `result` */
  readonly rule: string;
  readonly verdict: Verdict;
  /** a plain sentence for the operator */
  readonly because: string;
}

/** A reason to refuse. */
export function deny(rule: string, because: string): Reason {
  return { rule, verdict: 'deny', because };
}
