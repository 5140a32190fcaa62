/** The one way in which a connector may speak HTTP: to the hosts it declares, and to nobody else. */
export interface Egress {
  /**
   * Answers with any status. Fails with `egress_refused` (facts: reason, host), `timed_out`,
   * `too_large`, `remote_unavailable`, `cancelled`. `facts.sent` is false when provably nothing of the
   * request reached the other side, so it may be repeated.
   */
  readonly fetch: (request: EgressRequest) => Promise<EgressResponse>;
}

export interface EgressRequest {
  readonly url: string;
  /** `GET` unless said otherwise */
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: Uint8Array | string;
  /**
   * names of secrets whose handles (`secret://name`) stand in `headers`; filled in at the last moment,
   * for hosts that each secret was declared for. Who asks never sees the value.
   */
  readonly secrets?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface EgressResponse {
  readonly status: number;
  /** lower-case names; `set-cookie` is left out, since nothing here keeps cookies */
  readonly headers: Headers;
  /** decompressed */
  readonly body: Uint8Array;
  /** the address that answered, after redirects */
  readonly url: string;
}

export type Headers = { readonly [name: string]: string };
