import { type Clock, type Id, type NewId, type Sha256, sha256 } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { coversCapability } from '../../policy/index.ts';

/** What a worker or an agent may reach through a door. Nothing in it can approve anything. */
export interface TokenScope {
  /** capabilities it may fulfil or ask for: `time.read@1`, `mail.*` */
  readonly capabilities: readonly string[];
  /** record types it may read; none reads none */
  readonly reads: readonly string[];
  /** only this run, for a token that is made for one task */
  readonly run?: Id;
}

/** A token as it is kept: its text is not in it. */
export interface TokenRow {
  readonly id: Id;
  readonly hash: Sha256;
  readonly name: string;
  readonly holder: 'worker' | 'agent';
  readonly scope: TokenScope;
  /** UTC milliseconds */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Where tokens are kept: an operational table, never the log. Durable when a call returns. */
export interface TokenStore {
  readonly add: (row: TokenRow) => void;
  readonly find: (hash: Sha256) => TokenRow | undefined;
  /** True when there was one. */
  readonly remove: (id: Id) => boolean;
  readonly list: () => readonly TokenRow[];
}

/** Somebody who holds a valid token. It has no device, so there is nothing it could sign with. */
export interface Bearer {
  readonly token: Id;
  readonly name: string;
  readonly holder: TokenRow['holder'];
  readonly scope: TokenScope;
}

export interface Tokens {
  /** The text is shown once; only its hash is kept. Fails with `invalid_input`. */
  readonly issue: (wanted: {
    readonly name: string;
    readonly holder: TokenRow['holder'];
    readonly scope: TokenScope;
    readonly lifeMs: number;
  }) => { readonly token: string; readonly row: TokenRow };
  /** Fails with `not_signed_in` for one that is unknown, revoked or over. */
  readonly check: (token: string) => Bearer;
  readonly revoke: (id: Id) => boolean;
  readonly list: () => readonly TokenRow[];
}

export interface TokenPorts {
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly newId: NewId;
  /** random lower-case hex of so many bytes */
  readonly random: (bytes: number) => string;
}

/** Begins every token, so that a scan for secrets finds one that was pasted somewhere. */
export const TOKEN_PREFIX = 'stw_';
/** 256 bits */
const TOKEN_BYTES = 32;
/** Longest life: a worker that runs for longer asks for another one. */
export const TOKEN_MAX_MS = 30 * 86_400_000;
const NAME_MAX = 100;

export function createTokens({ store, clock, newId, random }: TokenPorts): Tokens {
  return {
    issue: ({ name, holder, scope, lifeMs }) => {
      if (name.trim() === '' || name.length > NAME_MAX) {
        throw failure('invalid_input', 'Give the token a short name.', { path: 'name' });
      }
      if (!(lifeMs > 0 && lifeMs <= TOKEN_MAX_MS)) {
        throw failure('invalid_input', 'A token lives for 30 days at most.', { path: 'lifeMs' });
      }
      if (scope.capabilities.some((pattern) => pattern === '' || pattern === '*')) {
        const message = 'Name what it may do; "*" would be everything.';
        throw failure('invalid_input', message, { path: 'scope.capabilities' });
      }
      const token = TOKEN_PREFIX + random(TOKEN_BYTES);
      const createdAt = clock.now();
      const row: TokenRow = {
        ...{ id: newId(), hash: sha256(token), name, holder, scope },
        ...{ createdAt, expiresAt: createdAt + lifeMs },
      };
      store.add(row);
      return { token, row };
    },
    check: (token) => {
      // looked up by hash: how long that takes tells nothing of the token
      const row = token.startsWith(TOKEN_PREFIX) ? store.find(sha256(token)) : undefined;
      if (row && row.expiresAt > clock.now()) {
        const { id, name, holder, scope } = row;
        return { token: id, name, holder, scope };
      }
      throw failure('not_signed_in', 'This token is not valid any more.', {}, 'Make a new one.');
    },
    revoke: store.remove,
    list: store.list,
  };
}

/** Fails with `not_authorised` when the token's scope does not hold it. */
export function requireScope(
  bearer: Bearer,
  wanted: { readonly capability?: string; readonly record?: string; readonly run?: Id },
): void {
  const { capabilities, reads, run } = bearer.scope;
  const { capability, record } = wanted;
  const fits =
    (run === undefined || wanted.run === run) &&
    (capability === undefined || capabilities.some((one) => coversCapability(one, capability))) &&
    (record === undefined || reads.includes(record));
  if (fits) return;
  throw failure('not_authorised', `The token "${bearer.name}" is not for this.`, {
    token: bearer.token,
  });
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
