import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Effect, type Grant, type GrantLimit, OPERATOR, OWN } from '../contract/index.ts';
import { mailEffect, mailGrant, NOW_MS, OWN_LABELS } from './deed-for-tests.ts';
import { validateGrant } from './grant-draft.ts';
import { applyDebit, type GrantUsage, matchGrant } from './grants.ts';

const DAY_MS = 86_400_000;

function matchAt(
  grant: Grant,
  usage?: GrantUsage,
  effect: Effect = mailEffect(),
  nowMs = NOW_MS,
  playbook?: string,
) {
  const facts = { nowMs, zone: 'Europe/Berlin', incarnation: 3, act: OPERATOR };
  const withPlaybook = playbook === undefined ? facts : { ...facts, playbook };
  return matchGrant(effect, OWN_LABELS, grant, usage, withPlaybook);
}

function reasonOf(...args: Parameters<typeof matchAt>): string {
  const result = matchAt(...args);
  return result.status === 'covers' ? 'covers' : result.reason;
}

/** Uses the grant until it refuses; how often it covered. */
function usesUntilRefused(grant: Grant, effects: readonly Effect[], stepMs = 1): number {
  let usage: GrantUsage | undefined;
  let uses = 0;
  for (const effect of effects) {
    const result = matchAt(grant, usage, effect, NOW_MS + uses * stepMs);
    if (result.status === 'refuses') break;
    usage = applyDebit(usage, result.debit);
    uses++;
  }
  return uses;
}

const limited = (...limits: GrantLimit[]) => mailGrant({ limits });
const many = (count: number, of: (i: number) => Effect = () => mailEffect()) =>
  Array.from({ length: count }, (_, i) => of(i));

describe('scope', () => {
  test('destinations compare in one spelling, plus addresses stay their own', () => {
    const grant = mailGrant({
      scope: { ...mailGrant().scope, destinations: ['Zoë <Zoe@EXAMPLE.com>', 'info@bücher.de'] },
    });
    const covers = (to: string) => reasonOf(grant, undefined, mailEffect(OWN, { to: [to] }));
    expect(covers('zoe@example.com')).toBe('covers');
    expect(covers('INFO@xn--bcher-kva.DE')).toBe('covers');
    expect(covers('zoe@example.com.')).toBe('covers');
    expect(covers('zoe+x@example.com')).toBe('zoe+x@example.com is not among its destinations.');
    for (const other of [
      'zoe@example.com, eve@evil.test',
      'zoe@example.com <eve@evil.test>',
      'zoe@example.com\neve@evil.test',
      'zoe@exаmple.com',
      'zoe@example.com@evil.test',
      'zoe@example.community',
      'zoe\u200b@example.com',
      '',
    ]) {
      expect([other, covers(other)]).toEqual([other, expect.stringContaining('not among')]);
    }
  });

  test('one destination outside the grant refuses the whole effect', () => {
    const effect = mailEffect(OWN, { to: ['zoe@example.com', 'eve@evil.test'] });
    expect(reasonOf(mailGrant(), undefined, effect)).toContain('eve@evil.test');
  });

  test('an effect without a destination is never covered', () => {
    expect(reasonOf(mailGrant(), undefined, mailEffect(OWN, { to: [] }))).toContain(
      'no destination',
    );
  });

  test('another capability version, connector or playbook is refused', () => {
    expect(reasonOf(mailGrant(), undefined, mailEffect(OWN, { capability: 'mail.send@2' }))).toBe(
      'it is for mail.send@1.',
    );
    expect(reasonOf(mailGrant(), undefined, mailEffect(OWN, { connector: 'smtp' }))).toContain(
      'connector outbox',
    );
    const scoped = mailGrant({ scope: { ...mailGrant().scope, playbooks: ['invoice-month'] } });
    expect(reasonOf(scoped, undefined, mailEffect(), NOW_MS, 'invoice-month')).toBe('covers');
    expect(reasonOf(scoped, undefined, mailEffect(), NOW_MS, 'other')).toContain('other playbooks');
    expect(reasonOf(scoped)).toContain('other playbooks');
  });

  test('a condition must be plainly true', () => {
    const of = (constraint: string) => reasonOf(mailGrant({ constraint }));
    expect(of('effect.amount.minor <= 120000')).toBe('covers');
    expect(of('effect.amount.minor < 120000')).toContain('does not hold');
    expect(of('effect.subject == "x"')).toContain('could not be checked');
    expect(of('effect.amount')).toContain('could not be checked');
    expect(of('effect.')).toContain('broken');
  });
});

describe('limits', () => {
  test('a count holds', () => {
    expect(usesUntilRefused(limited({ type: 'count', max: 5, per: 'day' }), many(9))).toBe(5);
  });

  test('a sum holds, however small the pieces', () => {
    const sum = limited({ type: 'sum', max: { minor: 100_000, currency: 'EUR' }, per: 'month' });
    const of = (minor: number) =>
      many(999, () => mailEffect(OWN, { amount: { minor, currency: 'EUR' } }));
    expect(usesUntilRefused(sum, of(30_000))).toBe(3);
    expect(usesUntilRefused(sum, of(999))).toBe(100);
    expect(usesUntilRefused(sum, of(100_001))).toBe(0);
    expect(usesUntilRefused(sum, of(-1))).toBe(0);
  });

  test('a sum needs an amount in its currency', () => {
    const sum = limited({ type: 'sum', max: { minor: 100_000, currency: 'EUR' }, per: 'all' });
    expect(reasonOf(sum, undefined, mailEffect(OWN, { amount: null }))).toContain('no amount');
    const dollars = mailEffect(OWN, { amount: { minor: 1, currency: 'USD' } });
    expect(reasonOf(sum, undefined, dollars)).toContain('amounts in EUR');
  });

  test('distinct destinations are counted once each', () => {
    const destinations = ['a@x.de', 'b@x.de', 'c@x.de'];
    const grant = mailGrant({
      scope: { ...mailGrant().scope, destinations },
      limits: [{ type: 'distinct', max: 2, per: 'week' }],
    });
    const to = (address: string) => mailEffect(OWN, { to: [address] });
    expect(usesUntilRefused(grant, [to('a@x.de'), to('A@X.de'), to('b@x.de'), to('a@x.de')])).toBe(
      4,
    );
    expect(usesUntilRefused(grant, [to('a@x.de'), to('b@x.de'), to('c@x.de')])).toBe(2);
    expect(usesUntilRefused(grant, [mailEffect(OWN, { to: destinations })])).toBe(0);
  });

  test('a rate keeps its gap', () => {
    const grant = limited({ type: 'rate', minGapMs: 60_000 });
    expect(usesUntilRefused(grant, many(5), 59_999)).toBe(1);
    expect(usesUntilRefused(grant, many(5), 60_000)).toBe(5);
  });

  test('a period ends at midnight of the company, and the week on Monday', () => {
    const used = (limit: GrantLimit) => {
      const grant = limited(limit);
      const first = matchAt(grant);
      if (first.status !== 'covers') throw new Error('the first use must be covered');
      const usage = applyDebit(undefined, first.debit);
      return (nowMs: number) => matchAt(grant, usage, mailEffect(), nowMs).status;
    };
    const midnight = Date.UTC(2026, 10, 21, 23); // 00:00 in Berlin, a Sunday
    const day = used({ type: 'count', max: 1, per: 'day' });
    expect([day(midnight - 1), day(midnight)]).toEqual(['refuses', 'covers']);
    const week = used({ type: 'count', max: 1, per: 'week' });
    expect([week(midnight + DAY_MS - 1), week(midnight + DAY_MS)]).toEqual(['refuses', 'covers']);
    const december = Date.UTC(2026, 10, 30, 23);
    const month = used({ type: 'count', max: 1, per: 'month' });
    expect([month(december - 1), month(december)]).toEqual(['refuses', 'covers']);
    const all = used({ type: 'count', max: 1, per: 'all' });
    expect(all(december + DAY_MS)).toBe('refuses');
  });

  test('a clock that is set back opens no new period', () => {
    const grant = limited({ type: 'count', max: 1, per: 'day' });
    const first = matchAt(grant);
    if (first.status !== 'covers') throw new Error('the first use must be covered');
    const usage = applyDebit(undefined, first.debit);
    expect(matchAt(grant, usage, mailEffect(), NOW_MS - 2 * DAY_MS).status).toBe('refuses');
  });

  test('a debit that is applied late still counts in the newer period', () => {
    const at = (nowMs: number) => {
      const result = matchAt(mailGrant(), undefined, mailEffect(), nowMs);
      if (result.status !== 'covers') throw new Error('it must be covered');
      return result.debit;
    };
    const usage = applyDebit(applyDebit(undefined, at(NOW_MS + DAY_MS)), at(NOW_MS));
    expect(usage.periods.day).toMatchObject({ key: '2026-11-22', count: 2 });
    expect(usage.lastAtMs).toBe(NOW_MS + DAY_MS);
  });

  test('however the effects come, no limit is ever exceeded', () => {
    const anyUse = fc.record({
      minor: fc.integer({ min: 0, max: 60_000 }),
      waitMs: fc.integer({ min: 0, max: 2 * DAY_MS }),
    });
    const grant = limited(
      { type: 'count', max: 3, per: 'day' },
      { type: 'sum', max: { minor: 100_000, currency: 'EUR' }, per: 'month' },
    );
    fc.assert(
      fc.property(fc.array(anyUse, { maxLength: 30 }), (uses) => {
        let usage: GrantUsage | undefined;
        let nowMs = NOW_MS;
        const perDay = new Map<string, number>();
        const perMonth = new Map<string, number>();
        for (const { minor, waitMs } of uses) {
          nowMs += waitMs;
          const effect = mailEffect(OWN, { amount: { minor, currency: 'EUR' } });
          const result = matchAt(grant, usage, effect, nowMs);
          if (result.status === 'refuses') continue;
          usage = applyDebit(usage, result.debit);
          const local =
            Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO('Europe/Berlin');
          const day = local.toPlainDate().toString();
          perDay.set(day, (perDay.get(day) ?? 0) + 1);
          perMonth.set(day.slice(0, 7), (perMonth.get(day.slice(0, 7)) ?? 0) + minor);
        }
        for (const count of perDay.values()) expect(count).toBeLessThanOrEqual(3);
        for (const sum of perMonth.values()) expect(sum).toBeLessThanOrEqual(100_000);
      }),
    );
  });

  test('usage and debit survive JSON, so a fold can keep them', () => {
    const result = matchAt(mailGrant());
    if (result.status !== 'covers') throw new Error('it must be covered');
    const debit = JSON.parse(JSON.stringify(result.debit));
    expect(debit).toEqual(result.debit);
    const usage = applyDebit(applyDebit(undefined, debit), debit);
    expect(JSON.parse(JSON.stringify(usage))).toEqual(usage);
    expect(usage.periods.day).toEqual({
      key: '2026-11-21',
      count: 2,
      sums: { EUR: 240_000 },
      destinations: ['zoe@example.com'],
    });
  });
});

describe('a draft', () => {
  const classOf = (capability: string) =>
    (({ 'mail.send@1': 'final', 'mail.flag@1': 'reversible', 'bank.pay@1': 'grave' }) as const)[
      capability
    ];
  const faultsOf = (draft: unknown) => {
    const result = validateGrant(draft, classOf);
    return result.status === 'valid' ? [] : result.faults.map((fault) => fault.path);
  };

  test('a good one is read as it is', () => {
    const draft = mailGrant({ constraint: 'effect.amount.minor < 5' });
    expect(validateGrant(draft, classOf)).toEqual({ status: 'valid', grant: draft });
  });

  test('every fault is named at once', () => {
    const draft = mailGrant({
      scope: {
        capability: 'bank.pay@1',
        connector: 'bank',
        destinations: ['*@example.com', 'zoe@example.com, eve@evil.test', 'zo\u200be@example.com'],
      },
      constraint: 'effect.a.matches("x")',
      until: '2027-11-01T00:00:00.000Z',
    });
    expect(faultsOf(draft)).toEqual([
      'scope.capability',
      'scope.destinations.0',
      'scope.destinations.1',
      'scope.destinations.2',
      'constraint',
      'until',
    ]);
  });

  const wrong: { readonly [what: string]: object } = {
    'no limit': { limits: [] },
    'a limit of zero': { limits: [{ type: 'count', max: 0, per: 'day' }] },
    'a sum of zero': { limits: [{ type: 'sum', max: { minor: 0, currency: 'EUR' }, per: 'day' }] },
    'an unknown limit': { limits: [{ type: 'mood', max: 1, per: 'day' }] },
    'an end before its start': { until: '2026-10-01T00:00:00.000Z' },
    'a life of 91 days': { until: '2027-01-31T00:00:00.001Z' },
    'a time that is none': { from: 'yesterday' },
    'a local time': { from: '2026-11-01T00:00:00.000+01:00' },
    'no title': { title: ' ' },
    'an unknown member': { forever: true },
    'a capability without a version': { scope: { ...mailGrant().scope, capability: 'mail.send' } },
    'an unknown capability': { scope: { ...mailGrant().scope, capability: 'mail.send@9' } },
    'no destination': { scope: { ...mailGrant().scope, destinations: [] } },
    'a final act granted by the system': { origin: 'proposed' },
  };
  for (const [what, change] of Object.entries(wrong)) {
    test(`${what} is refused`, () => {
      expect(faultsOf({ ...mailGrant(), ...change })).not.toEqual([]);
    });
  }

  test('any JSON is valid or has faults, and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (draft) => {
        expect(faultsOf(draft).length).toBeGreaterThan(0);
      }),
    );
  });
});
