import type { JsonObject } from '../../base/index.ts';
import type { Device } from '../../contract/index.ts';

/** Makes and checks passkeys; loaded by those who use one. */
export interface PasskeyDesk {
  /**
   * What a page at `origin` hands to its browser, with a challenge (base64url) that is accepted once.
   * Fails with `not_possible` where browsers make no passkeys.
   */
  readonly options: (
    origin: string,
    operator: {
      readonly company: string;
      readonly name: string;
      readonly devices: readonly Device[];
    },
    challenge: string,
  ) => Promise<JsonObject>;
  /** What the browser answered. Fails with `bad_signature`, `not_possible`. */
  readonly check: (origin: string, challenge: string, answer: unknown) => Promise<PasskeyKey>;
}

/** What a passkey is known by. */
export type PasskeyKey = Required<Pick<Device, 'credentialId' | 'publicKey' | 'rpId'>>;
