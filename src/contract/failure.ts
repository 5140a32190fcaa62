import type { Json, JsonObject } from '../base/portable.ts';

/**
 * Every way in which Steward says no. `exit` is the CLI's exit code, `http` the status, `remedy` the
 * way out that is shown when the thrower has no better one. A new code is added here and in
 * docs/reference/failures.md (a test compares the two).
 */
export const FAILURES = {
  usage: { exit: 2, http: 400, remedy: 'Check the command with --help.' },
  invalid_input: { exit: 2, http: 422, remedy: 'Correct the named field and try again.' },
  invalid_plan: { exit: 2, http: 422, remedy: 'Correct the plan at the named path and try again.' },
  expression_failed: { exit: 2, http: 422, remedy: 'Correct the expression at the named path.' },
  unknown_capability: {
    exit: 3,
    http: 404,
    remedy: 'List what exists with: steward capabilities',
  },
  not_found: { exit: 3, http: 404, remedy: 'Check the id; lists show what exists.' },
  no_company: {
    exit: 3,
    http: 404,
    remedy: 'Create one with: steward init (or set STEWARD_HOME to a home that holds one)',
  },
  not_authorised: {
    exit: 5,
    http: 403,
    remedy: 'Sign with an enrolled device: steward devices',
  },
  not_signed_in: { exit: 5, http: 401, remedy: 'Get a fresh link with: steward sign-in' },
  bad_signature: {
    exit: 5,
    http: 403,
    remedy: 'Open the card again and sign what it shows now.',
  },
  step_up_required: {
    exit: 5,
    http: 403,
    remedy: 'Open the card in the web page and sign it with a passkey.',
  },
  denied: {
    exit: 5,
    http: 403,
    remedy: 'The reasons name the rule: steward decisions. Change it with: steward policy set FILE',
  },
  rate_limited: { exit: 7, http: 429, remedy: 'Wait for the named time, then try again.' },
  version_conflict: {
    exit: 6,
    http: 409,
    remedy: 'Somebody changed it meanwhile. Read it again and repeat the change.',
  },
  stale: { exit: 6, http: 409, remedy: 'Something changed since you looked. Open the card again.' },
  already_decided: { exit: 6, http: 409, remedy: 'Nothing more to do: this was decided before.' },
  already_exists: { exit: 6, http: 409, remedy: 'Use the one that exists, or another name.' },
  home_busy: {
    exit: 6,
    http: 409,
    remedy: 'Another process works on this home. Stop it, or talk to it with the CLI.',
  },
  home_not_empty: { exit: 6, http: 409, remedy: 'Set STEWARD_HOME to a new or empty directory.' },
  too_large: { exit: 2, http: 413, remedy: 'Make it smaller, or store it as a file.' },
  wrong_encoding: { exit: 2, http: 422, remedy: 'Save the file as UTF-8 and import it again.' },
  unknown_layout: {
    exit: 2,
    http: 422,
    remedy: 'Export the detailed report, or name the layout with --format.',
  },
  empty_file: { exit: 2, http: 422, remedy: 'Export again; the file holds no rows.' },
  needs_answer: { exit: 2, http: 422, remedy: 'Answer the question in the inbox: steward inbox' },
  remote_unavailable: { exit: 7, http: 502, remedy: 'It is tried again; nothing was lost.' },
  remote_refused: { exit: 7, http: 502, remedy: 'See the reason given; correct it and retry.' },
  timed_out: {
    exit: 7,
    http: 504,
    remedy: 'It took too long. Try again, or raise the time limit.',
  },
  outcome_unknown: {
    exit: 7,
    http: 502,
    remedy: 'Look at the other side, then answer the question in the inbox.',
  },
  egress_refused: {
    exit: 5,
    http: 403,
    remedy: 'The address is not on the list of hosts; add it if you trust it.',
  },
  disk_full: {
    exit: 1,
    http: 507,
    remedy: 'Free some space; nothing was written, nothing is lost.',
  },
  store_read_only: { exit: 1, http: 507, remedy: 'Make the home writable for this user.' },
  store_broken: {
    exit: 1,
    http: 500,
    remedy: 'Keep the file as it is and restore the last backup into a new directory.',
  },
  store_too_new: {
    exit: 1,
    http: 500,
    remedy: 'This home was written by a newer Steward. Upgrade.',
  },
  sync_failed: {
    exit: 1,
    http: 500,
    remedy: 'The disk refused to store. Check the disk, restart.',
  },
  payload_damaged: {
    exit: 1,
    http: 500,
    remedy: 'Restore the last backup; see: steward log verify',
  },
  erased: { exit: 3, http: 410, remedy: 'It was erased on request; the receipt says when.' },
  wrong_key: {
    exit: 1,
    http: 500,
    remedy: 'The key does not fit this home. Put the right one back.',
  },
  capability_failed: {
    exit: 1,
    http: 500,
    remedy: 'Look at the step and retry, or take over by hand.',
  },
  wrong_output: {
    exit: 1,
    http: 500,
    remedy: 'The capability broke its contract; the step names how.',
  },
  cancelled: { exit: 1, http: 409, remedy: 'Start it again if you still want it.' },
  not_possible: { exit: 6, http: 409, remedy: 'See the reason; another way is named there.' },
  replay_miss: { exit: 1, http: 409, remedy: 'The log holds no recorded result for this step.' },
  clock_refused: { exit: 2, http: 400, remedy: 'STEWARD_NOW works in sandbox homes only.' },
  not_ready: { exit: 7, http: 503, remedy: 'Try again in a moment.' },
  interrupted: { exit: 130, http: 503, remedy: 'Nothing is lost; run the command again.' },
  internal: {
    exit: 1,
    http: 500,
    remedy: 'This is a defect of Steward. The log of the run helps us.',
  },
} as const;

export type FailureCode = keyof typeof FAILURES;

/** The one error of the house. It crosses HTTP, CLI and the log as data. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly facts: JsonObject;
  readonly remedy: string;

  constructor(code: FailureCode, message: string, facts: JsonObject = {}, remedy?: string) {
    super(message);
    this.code = code;
    this.facts = facts;
    this.remedy = remedy ?? FAILURES[code].remedy;
  }

  /** The shape in which it leaves the process. */
  toData(): FailureData {
    return { code: this.code, message: this.message, remedy: this.remedy, ...this.facts };
  }
}

export interface FailureData {
  readonly code: FailureCode;
  readonly message: string;
  readonly remedy: string;
  readonly [fact: string]: Json;
}

export function failure(
  code: FailureCode,
  message: string,
  facts: JsonObject = {},
  remedy?: string,
): Failure {
  return new Failure(code, message, facts, remedy);
}

/** A defect becomes `internal`; its text stays, its stack does not leave the process. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('internal', message);
}
