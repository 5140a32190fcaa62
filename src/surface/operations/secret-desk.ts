/** What may be known of a secret; its value is in no answer. */
export interface SecretFacts {
  readonly name: string;
  /** 1, then one more for every new value */
  readonly version: number;
  /** the only hosts it may be sent to */
  readonly hosts: readonly string[];
  readonly changedAt: string;
}

/** Where secrets are kept, encrypted. Writes are durable when fulfilled. */
export interface SecretDesk {
  /**
   * Keeps a value that is not given out before it is settled. Fails with `invalid_input` for a name,
   * value or host that cannot be kept.
   */
  readonly stage: (secret: {
    readonly name: string;
    readonly value: string;
    readonly hosts: readonly string[];
    readonly commitment: string;
  }) => Promise<void>;
  /** Forgets a staged value that was not signed. */
  readonly drop: (name: string, commitment: string) => Promise<void>;
  /** Makes true what the log says; null removes it. Undefined where there is none afterwards. */
  readonly settle: (name: string, signed: string | null) => Promise<SecretFacts | undefined>;
  readonly list: () => Promise<readonly SecretFacts[]>;
}
