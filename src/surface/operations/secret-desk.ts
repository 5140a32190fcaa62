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
  /** Fails with `invalid_input` for what could not be kept. Changes nothing. */
  readonly check: (name: string, value: string, hosts: readonly string[]) => Promise<void>;
  readonly set: (name: string, value: string, hosts: readonly string[]) => Promise<SecretFacts>;
  /** True when there was one. */
  readonly remove: (name: string) => Promise<boolean>;
  readonly list: () => Promise<readonly SecretFacts[]>;
}
