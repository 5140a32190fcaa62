/** Headers of a request, as its bytes came: one text per name, names in small letters. */
export interface WebhookHeaders {
  readonly get: (name: string) => string | null;
}

/** Why a delivery was not taken. For the operator's eyes: a stranger is told nothing of it. */
export const WEBHOOK_FAULTS = {
  headers: 'it lacked what a delivery carries, or carried it twice',
  time: 'it was signed too long ago, or in the future',
  signature: 'its signature is not by your secret',
  form: 'it was no JSON in one piece, or came another way than deliveries do',
  size: 'it was too large, or too slow',
} as const;
export type WebhookFault = keyof typeof WEBHOOK_FAULTS;

/** A delivery whose headers can be one; who sent it is not known before `isSigned` says so. */
export interface WebhookHead {
  readonly status: 'read';
  /** the sender's own id of the message: the same one when it is sent again */
  readonly id: string;
  /** UTC ms of this attempt */
  readonly sentAt: number;
  /** True if one of the secrets signed these very bytes; takes as long when none did. */
  readonly isSigned: (body: Uint8Array, secrets: readonly string[]) => boolean;
}

/**
 * How a sender signs what it sends. A connector brings the scheme of its provider; hooks that the
 * operator adds by hand use Standard Webhooks.
 */
export interface WebhookScheme {
  /** True for what can be a secret of it. */
  readonly isSecret: (text: string) => boolean;
  /** Reads the headers alone, so that what cannot be one is refused before its body is read. */
  readonly read: (
    headers: WebhookHeaders,
    nowMs: number,
  ) => WebhookHead | { readonly status: 'refused'; readonly because: WebhookFault };
}
