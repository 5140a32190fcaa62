import { createHmac, randomUUID } from 'node:crypto';

/** A program elsewhere that signs what it sends, as Standard Webhooks says. */
export interface Sent {
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

export interface SendOptions {
  readonly id?: string;
  /** of this attempt, UTC ms */
  readonly at: number;
  /** further secrets that sign as well */
  readonly also?: readonly string[];
}

/** `whsec_...` to headers and body; text is sent as it is. */
export function signDelivery(secret: string, payload: unknown, options: SendOptions): Sent {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const { id = `msg_${randomUUID()}`, at, also = [] } = options;
  const seconds = String(Math.floor(at / 1_000));
  const signatures = [secret, ...also].map((one) => signatureOf(one, id, seconds, body));
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': seconds,
      'webhook-signature': signatures.join(' '),
    },
    body,
  };
}

export function signatureOf(secret: string, id: string, seconds: string, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}
