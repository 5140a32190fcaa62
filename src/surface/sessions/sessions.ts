import { randomBytes } from 'node:crypto';
import { type Clock, type Id, sha256 } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import type { CodeRow, SessionRow, SessionStore } from './session-store.ts';

/** Who is signed in. Tokens and codes leave this file once; what is kept are their hashes. */
export interface Sessions {
  /** A fresh sign-in code: works once, for ten minutes. */
  readonly newCode: (kind: CodeRow['kind']) => string;
  /** Takes in the hash of a code that a device has signed as an invitation, until a time in UTC ms. */
  readonly invite: (hash: string, until: number) => void;
  /** Fails with `not_signed_in` for a code that is unknown, used or too old, `rate_limited`. */
  readonly redeem: (code: string) => CodeRow['kind'];
  /** The token for the cookie. */
  readonly start: (device: Id | null) => { readonly token: string; readonly session: string };
  readonly find: (token: string) => SessionRow | undefined;
  /** True until the session is over or was ended; for what outlives the request that began it. */
  readonly isLive: (session: string) => boolean;
  readonly attach: (session: string, device: Id) => void;
  readonly end: (session: string) => void;
  readonly endDevice: (device: Id) => void;
  /** A text for this session to sign, once, within two minutes. */
  readonly newChallenge: (session: string) => string;
  readonly takeChallenge: (session: string) => string | undefined;
  readonly lifetimeMs: number;
}

const CODE_MS = 10 * 60_000;
const SESSION_MS = 30 * 24 * 3_600_000;
const CHALLENGE_MS = 2 * 60_000;
/** 160 bits: nobody guesses a code within ten minutes, whatever the rate */
const CODE_BYTES = 20;
const TOKEN_BYTES = 32;
/** wrong codes per window before everybody waits: a person mistypes twice, a program does not stop */
const WRONG_CODES = 10;
const WINDOW_MS = 60_000;
/** open challenges kept; the oldest goes first */
const CHALLENGES = 1_000;

export function createSessions(store: SessionStore, clock: Clock): Sessions {
  const challenges = new Map<string, { readonly text: string; readonly expiresAt: number }>();
  let wrong: number[] = [];

  return {
    lifetimeMs: SESSION_MS,
    newCode: (kind) => {
      const code = randomBytes(CODE_BYTES).toString('base64url');
      store.addCode({ hash: sha256(code), kind, expiresAt: clock.now() + CODE_MS });
      return code;
    },
    invite: (hash, expiresAt) => store.addCode({ hash, kind: 'invite', expiresAt }),
    redeem: (code) => {
      const now = clock.now();
      // by how far it is away: a clock that was set back locks nobody out
      wrong = wrong.filter((at) => Math.abs(now - at) < WINDOW_MS);
      const [oldest] = wrong;
      if (oldest !== undefined && wrong.length >= WRONG_CODES) {
        const retryAfterMs = Math.max(1_000, oldest + WINDOW_MS - now);
        throw failure('rate_limited', 'Too many wrong codes. Wait a minute.', { retryAfterMs });
      }
      const found = store.takeCode(sha256(code), now);
      if (found) return found.kind;
      wrong.push(now);
      throw failure('not_signed_in', 'This link was used before or is older than ten minutes.');
    },
    start: (device) => {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const session = sha256(token);
      const now = clock.now();
      store.addSession({ hash: session, device, createdAt: now, expiresAt: now + SESSION_MS });
      return { token, session };
    },
    find: (token) => store.findSession(sha256(token), clock.now()),
    isLive: (session) => store.findSession(session, clock.now()) !== undefined,
    attach: (session, device) => store.setDevice(session, device),
    end: (session) => store.removeSession(session),
    endDevice: (device) => store.removeDevice(device),
    newChallenge: (session) => {
      const text = randomBytes(TOKEN_BYTES).toString('base64url');
      const [oldest] = challenges.keys();
      if (challenges.size >= CHALLENGES && oldest !== undefined) challenges.delete(oldest);
      challenges.set(session, { text, expiresAt: clock.now() + CHALLENGE_MS });
      return text;
    },
    takeChallenge: (session) => {
      const found = challenges.get(session);
      challenges.delete(session);
      return found && found.expiresAt > clock.now() ? found.text : undefined;
    },
  };
}
