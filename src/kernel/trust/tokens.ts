import type { Clock, Id } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { TOKEN_PREFIX, tokenHash } from '../../contract/portable.ts';
import type { Log } from '../../log/index.ts';
import { coversCapability } from '../../policy/index.ts';
import { controlFold } from '../folds.ts';
import { type TokenRow, tokenId, tokensFold } from './token-folds.ts';

/** What a worker or an agent may reach through a door. Nothing in it can approve anything. */
export interface TokenScope {
  /** capabilities it may fulfil or ask for: `time.read@1`, `mail.*` */
  readonly capabilities: readonly string[];
  /**
   * what it may read of records: `project` is all of a type but what is personal, `party.email` one
   * field by name; none reads none
   */
  readonly reads: readonly string[];
  /** only this run, for a token that is made for one task */
  readonly run?: Id;
}

/** Somebody who holds a valid token. It has no device, so there is nothing it could sign with. */
export interface Bearer {
  readonly token: Id;
  readonly name: string;
  readonly holder: TokenRow['holder'];
  readonly scope: TokenScope;
}

/** A token as it stands now. */
export interface TokenView extends Omit<TokenRow, 'hash'> {
  readonly status: 'active' | 'expired' | 'revoked';
}

export interface Tokens {
  /** Fails with `not_signed_in` for one that is unknown, revoked or over, `rate_limited`. */
  readonly check: (token: string) => Promise<Bearer>;
  /** Newest first. */
  readonly list: () => Promise<readonly TokenView[]>;
}

/** Longest life: a worker that runs for longer asks for another one. */
export const TOKEN_MAX_MS = 30 * 86_400_000;
/** wrong tokens in a window before the next wrong one has to wait */
const WRONG_MAX = 20;
const WINDOW_MS = 60_000;

export function createTokens({ log, clock }: { readonly log: Log; readonly clock: Clock }): Tokens {
  const rows = log.fold(tokensFold);
  const incarnation = async (): Promise<number> =>
    (await log.fold(controlFold).get('control'))?.incarnation ?? 0;
  let wrong: readonly number[] = [];

  return {
    check: async (text) => {
      // looked up by hash: how long that takes tells nothing of the token
      const hash = text.startsWith(TOKEN_PREFIX) ? await tokenHash(text) : '';
      const row = hash === '' ? undefined : await rows.get(tokenId(hash));
      const isKnown = row?.hash === hash && row.incarnation === (await incarnation());
      if (isKnown && statusOf(row, clock.now()) === 'active') {
        const { id, name, holder, scope } = row;
        return { token: id, name, holder, scope };
      }
      // a right one always passes: a stranger who guesses must not lock out those who hold one
      wrong = refuseTooMany(wrong, clock.now());
      throw failure(
        'not_signed_in',
        'This token is not valid any more.',
        {},
        'Ask the operator for a new one: steward tokens create',
      );
    },
    list: async () => {
      const now = clock.now();
      const current = await incarnation();
      const found = await Array.fromAsync(rows.every({ index: 'issued', descending: true }));
      return found.map(({ row: { hash: _, ...row } }) => ({
        ...row,
        status: row.incarnation === current ? statusOf(row, now) : 'revoked',
      }));
    },
  };
}

function statusOf(row: Pick<TokenRow, 'revoked' | 'until'>, now: number): TokenView['status'] {
  if (row.revoked !== null) return 'revoked';
  return Date.parse(row.until) > now ? 'active' : 'expired';
}

/** The times of wrong tokens with this one; fails with `rate_limited` when there were too many. */
function refuseTooMany(before: readonly number[], now: number): readonly number[] {
  const recent = before.filter((at) => now - at < WINDOW_MS);
  const [oldest] = recent;
  if (oldest === undefined || recent.length < WRONG_MAX) return [...recent, now];
  const retryAfterMs = Math.max(1_000, oldest + WINDOW_MS - now);
  throw failure('rate_limited', 'Too many wrong tokens. Wait a minute.', { retryAfterMs });
}

/** Fails with `not_authorised` when the token's scope does not hold it. */
export function requireScope(
  bearer: Bearer,
  wanted: { readonly capability?: string; readonly record?: string; readonly run?: Id },
): void {
  const { reads, run } = bearer.scope;
  const { capability, record } = wanted;
  const fits =
    (run === undefined || wanted.run === run) &&
    (capability === undefined || mayAskFor(bearer, capability)) &&
    (record === undefined || reads.some((one) => one === record || one.startsWith(`${record}.`)));
  if (fits) return;
  throw failure(
    'not_authorised',
    `The token "${bearer.name}" is not for this.`,
    { token: bearer.token, ...wanted },
    'The operator can make one that is: steward tokens create',
  );
}

/** True if the scope names the capability, or a pattern that covers it. */
export function mayAskFor({ scope }: Bearer, capability: string): boolean {
  return scope.capabilities.some((pattern) => coversCapability(pattern, capability));
}

/** What every operator route answers to a token, whatever its scope. */
export function refuseBearer(bearer: Bearer): never {
  throw failure(
    'not_authorised',
    `The token "${bearer.name}" is a ${bearer.holder}'s: it cannot do what only you may do.`,
    { token: bearer.token },
    'Do it yourself, with one of your devices.',
  );
}
