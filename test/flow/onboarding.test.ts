import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDeviceKey, exportPublicKey } from '../../src/contract/portable.ts';
import { buildPage } from '../browser/page-kit.ts';
import {
  ask,
  createWorkshop,
  type RawAnswer,
  type Served,
  type Workshop,
} from '../support/steward-process.ts';

const COMPANY = {
  ...{ name: 'Lindt Design', owner: 'Mara Lindt', street: 'Lindenstraße 14', postalCode: '10969' },
  ...{ city: 'Berlin', country: 'DE', email: 'mara@lindt.example', currency: 'EUR' },
  ...{ zone: 'Europe/Berlin', language: 'de', vatId: 'DE136695976', smallBusiness: 'no' },
  ...{ iban: 'DE89 3704 0044 0532 0130 00', invoiceSeries: '{year}-{number:4}' },
};

let shop: Workshop;
let server: Served;

const post = (body: unknown): Promise<RawAnswer> =>
  ask(`${server.url}/api/onboarding`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify(body),
  });
const code = (): string => server.signIn.slice(server.signIn.indexOf('#') + 1);

/** The server changes from the form to the company: nobody answers for a moment. */
async function session(cookie: string): Promise<Record<string, unknown>> {
  const ends = Date.now() + 120_000;
  for (;;) {
    const answer = await ask(`${server.url}/api/session`, { headers: { cookie } }).catch(
      () => null,
    );
    const data = answer?.json();
    if (data && data.onboarding === false) return data;
    if (Date.now() > ends) throw new Error('the company was never served');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

beforeAll(async () => {
  buildPage();
  shop = await createWorkshop('onboarding');
  server = await shop.serve(['start'], { STEWARD_EXAMPLE: '0' });
});
afterAll(() => shop[Symbol.asyncDispose]());

describe('a start that wants no example, where there is no company', () => {
  test('the page is served, and says that it is onboarding', async () => {
    const page = await ask(server.signIn.replace(/#.*/, ''));
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.text).toContain('<div id="app">');
    const now = await ask(`${server.url}/api/session`);
    expect(now.json()).toMatchObject({ signedIn: false, onboarding: true });
    const health = await ask(`${server.url}/healthz`);
    expect(health.json()).toEqual({ status: 'ok', seq: 0 });
  });

  test('everything else waits, and says for what', async () => {
    const inbox = await ask(`${server.url}/api/inbox`);
    expect(inbox.status).toBe(503);
    expect(inbox.json()).toMatchObject({
      code: 'not_ready',
      remedy: expect.stringContaining('form'),
    });
  });

  test('another page is refused', async () => {
    const answer = await ask(`${server.url}/api/onboarding`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example' },
      body: JSON.stringify({ code: code(), company: COMPANY }),
    });
    expect(answer.status).toBe(403);
  });

  test('another code is refused', async () => {
    const answer = await post({ code: 'wrong', company: COMPANY });
    expect(answer.status).toBe(401);
    expect(answer.json()).toMatchObject({ code: 'not_signed_in' });
  });

  test('a wrong IBAN is named, a missing field too, and the code still works', async () => {
    const wrong = await post({
      code: code(),
      company: { ...COMPANY, iban: 'DE89370400440532013001' },
    });
    expect(wrong.status).toBe(422);
    expect(wrong.json()).toMatchObject({ code: 'invalid_input', path: 'iban' });
    const { city: _, ...homeless } = COMPANY;
    const missing = await post({ code: code(), company: homeless });
    expect(missing.json()).toMatchObject({ code: 'invalid_input', path: 'city' });
  });

  test('good data founds the company, once, and the browser stays signed in as a device', async () => {
    const pair = await createDeviceKey({ extractable: false });
    const device = {
      ...{ name: 'Test browser', kind: 'browser' },
      publicKey: await exportPublicKey(pair.publicKey),
    };
    const body = { code: code(), company: COMPANY, device };
    const answers = await Promise.all([post(body), post(body)]);
    const [made, ...others] = answers.toSorted((a, b) => a.status - b.status);
    expect(made?.status).toBe(200);
    expect(others.map(({ status }) => status)).toEqual([503]);
    const founded = made?.json() ?? {};
    expect(founded.recoveryKey).toMatch(/^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$/);
    expect(founded.home).toBe(shop.home);

    const cookie = String(made?.headers['set-cookie']).split(';')[0] ?? '';
    expect(await session(cookie)).toMatchObject({
      ...{ signedIn: true, canSign: true, mode: 'live', example: false },
      company: { id: founded.company, name: 'Lindt Design' },
      device: { id: founded.device, kind: 'browser', name: 'Test browser' },
    });

    const again = await post(body);
    expect(again.status).toBe(404);

    const signIn = new URL(String(founded.signIn));
    expect(signIn.origin).toBe(server.url);
  });

  test('the command line works with the company, and this machine is a device of it', async () => {
    const company = await shop.run(['records', 'company', '--json']);
    expect(company.json()).toMatchObject({
      ok: true,
      data: [{ fields: { name: 'Lindt Design', iban: 'DE89370400440532013000' } }],
    });
    const devices = await shop.run(['devices', '--json']);
    const kinds = devices.json().data as { kind: string }[]; // what `devices` answers
    expect(kinds.map(({ kind }) => kind).sort()).toEqual(['browser', 'cli']);
  });

  test('it stops cleanly, and the next start serves the company', async () => {
    expect(await server.stop()).toBe(0);
    const next = await shop.serve(['start'], { STEWARD_EXAMPLE: '0' });
    expect(next.signIn).toContain('/sign-in#');
    expect(await next.stop()).toBe(0);
  });
});
