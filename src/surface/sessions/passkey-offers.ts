import type { Clock, Json } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';

/**
 * Passkeys that were made and wait for a signature that lets them speak for you. Kept in memory: whoever
 * waits for longer makes another one.
 */
export interface PasskeyOffers {
  /** `hash` is that of the act which would enrol it */
  readonly add: (hash: string, body: Json) => void;
  /**
   * What is offered under a beginning of its hash. Fails with `not_found`, and with `invalid_input` for
   * a beginning so short that another offer could have been made to fit it.
   */
  readonly find: (code: string) => Json;
}

const OFFER_MS = 10 * 60_000;
/** open offers; the oldest goes first */
const OFFERS = 20;
/** hexadecimal letters: 64 bits, which nobody finds a second passkey for in ten minutes */
export const CODE_LETTERS = 16;

export function createPasskeyOffers(clock: Clock): PasskeyOffers {
  const offers = new Map<string, { readonly body: Json; readonly expiresAt: number }>();
  return {
    add: (hash, body) => {
      const [oldest] = offers.keys();
      if (offers.size >= OFFERS && oldest !== undefined) offers.delete(oldest);
      offers.set(hash, { body, expiresAt: clock.now() + OFFER_MS });
    },
    find: (code) => {
      if (code.length < CODE_LETTERS) {
        throw failure('invalid_input', `The code has at least ${CODE_LETTERS} letters.`, {
          path: 'code',
        });
      }
      const now = clock.now();
      for (const [hash, { body, expiresAt }] of offers) {
        if (hash.startsWith(code) && expiresAt > now) return body;
      }
      throw failure(
        'not_found',
        'No passkey waits under this code.',
        { code },
        'It waits ten minutes, while Steward runs. Add it again on the page: Settings, Add a passkey.',
      );
    },
  };
}
