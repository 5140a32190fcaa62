import type { Id } from '../../base/index.ts';

/** A code from a sign-in link, as it is kept: only its hash. */
export interface CodeRow {
  readonly hash: string;
  /** `invite`: an enrolled device signed that it may enrol a browser */
  readonly kind: 'link' | 'invite';
  /** UTC milliseconds */
  readonly expiresAt: number;
}

export interface SessionRow {
  readonly hash: string;
  readonly device: Id | null;
  /** UTC milliseconds */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Sessions and sign-in codes: operational, never part of the log. Durable when a call returns. */
export interface SessionStore {
  readonly addCode: (code: CodeRow) => void;
  /** Takes a code out, so that it works once; undefined for one that is unknown or too old. */
  readonly takeCode: (hash: string, nowMs: number) => CodeRow | undefined;
  readonly addSession: (session: SessionRow) => void;
  readonly findSession: (hash: string, nowMs: number) => SessionRow | undefined;
  readonly setDevice: (hash: string, device: Id) => void;
  readonly removeSession: (hash: string) => void;
  /** Every session of a device that was revoked, and every open invitation: it may have signed them. */
  readonly removeDevice: (device: Id) => void;
  readonly close: () => void;
}
