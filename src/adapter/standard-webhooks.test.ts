import { describe, expect, test } from 'vitest';
import { standardWebhooks } from './standard-webhooks.ts';

/** Signatures made with the reference library of the specification (standardwebhooks 1.1.1). */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SECONDS = 1_614_265_330;
const VECTORS = [
  [
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    '{"test": 2432232314}',
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  ],
  ['msg_2', '{"note":"Grüße €"}', 'v1,CsdSrNYOCzxr+dE9ygwWhxC5X94F+aahobFtgrxwCNw='],
] as const;

const headers = (id: string, signature: string, seconds = String(SECONDS)) =>
  new Headers({
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': signature,
  });
const at = (offsetMs: number) => SECONDS * 1_000 + offsetMs;
const bytes = (text: string) => new TextEncoder().encode(text);

describe('Standard Webhooks', () => {
  test.each(VECTORS)('takes what the reference library signed: %s', (id, body, signature) => {
    const head = standardWebhooks.read(headers(id, signature), at(0));
    if (head.status !== 'read') throw new Error(head.because);
    expect([head.id, head.sentAt]).toEqual([id, at(0)]);
    expect(head.isSigned(bytes(body), [SECRET])).toBe(true);
    expect(head.isSigned(bytes(body), [SECRET.slice('whsec_'.length)])).toBe(true);
    expect(head.isSigned(bytes(`${body} `), [SECRET])).toBe(false);
    expect(head.isSigned(bytes(body), [])).toBe(false);
  });

  test.each([
    [-300_000, true],
    [300_000, true],
    [-300_001, false],
    [300_001, false],
  ])('at %i ms from its time is in time: %s', (offsetMs, inTime) => {
    const [id, , signature] = VECTORS[0];
    const head = standardWebhooks.read(headers(id, signature), at(offsetMs));
    expect(head.status === 'read' || head.because).toBe(inTime || 'time');
  });

  test.each(['0', '-1', '+1614265330', '1614265330.0', '0x60378c32', '١٦١٤٢٦٥٣٣٠', '1e9', ' '])(
    'the time %j is none',
    (seconds) => {
      const [id, , signature] = VECTORS[0];
      // what no header can carry never gets here
      const given = { get: (name: string) => ({ 'webhook-timestamp': seconds })[name] ?? null };
      const all = {
        get: (name: string) => given.get(name) ?? headers(id, signature).get(name),
      };
      expect(standardWebhooks.read(all, at(0)).status).toBe('refused');
    },
  );

  test.each([
    [SECRET, true],
    [SECRET.slice('whsec_'.length), true],
    ['whsec_', false],
    ['whsec_AAAA', false],
    [`whsec_${'A'.repeat(200)}`, false],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa w', false],
  ])('%j can be a secret: %s', (text, isOne) => {
    expect(standardWebhooks.isSecret(text)).toBe(isOne);
  });
});
