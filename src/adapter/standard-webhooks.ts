import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookHeaders, WebhookScheme } from '../connect/index.ts';
import { readHookSecret } from '../contract/portable.ts';

/** A captured delivery is worth nothing after this time; clocks may differ by as much (the specification's five minutes). */
const TOLERANCE_MS = 5 * 60_000;
/** printable ASCII without space or comma: two headers that were joined are no id */
const ID = /^[!-+\--~]{1,256}$/;
/** whole seconds, as they are written once */
const SECONDS = /^[1-9][0-9]{0,11}$/;
/** signatures in one header: one per secret in use, and some of other versions */
const SIGNATURES_MAX = 10;
const V1 = /^v1,([A-Za-z0-9+/]{43}=)$/;
const HMAC_BYTES = 32;

/**
 * Standard Webhooks 1.0 (standardwebhooks.com, "Verifying signatures"): HMAC-SHA256 over
 * `id.timestamp.body`, several signatures apart by a space, of which one must fit.
 */
export const standardWebhooks: WebhookScheme = {
  isSecret: (text) => readHookSecret(text) !== undefined,
  read: (headers, nowMs) => {
    const id = headers.get('webhook-id') ?? '';
    const seconds = headers.get('webhook-timestamp') ?? '';
    const given = signaturesIn(headers);
    if (!ID.test(id) || !SECONDS.test(seconds) || given === undefined) {
      return { status: 'refused', because: 'headers' };
    }
    const sentAt = Number(seconds) * 1_000;
    if (Math.abs(nowMs - sentAt) > TOLERANCE_MS) return { status: 'refused', because: 'time' };
    return {
      ...{ status: 'read', id, sentAt },
      isSigned: (body, secrets) => {
        let fits = false;
        for (const secret of secrets) {
          const key = readHookSecret(secret);
          if (!key) continue;
          const mac = createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest();
          // all of them are compared, whichever fits
          for (const one of given) fits = timingSafeEqual(one, mac) || fits;
        }
        return fits;
      },
    };
  },
};

/** The signatures of version 1; others are left to those who know them. Undefined for no list of them. */
function signaturesIn(headers: WebhookHeaders): readonly Buffer[] | undefined {
  const header = headers.get('webhook-signature') ?? '';
  // a header that was sent twice arrives as one, joined by a comma and a space
  if (header === '' || header.includes(', ')) return undefined;
  const parts = header.split(' ');
  if (parts.length > SIGNATURES_MAX) return undefined;
  return parts.flatMap((part) => {
    const mac = Buffer.from(V1.exec(part)?.[1] ?? '', 'base64');
    return mac.length === HMAC_BYTES ? [mac] : [];
  });
}
