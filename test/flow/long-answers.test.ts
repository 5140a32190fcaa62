import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/adapter/system-clock.ts';
import type { Id } from '../../src/base/index.ts';
import { OPERATOR } from '../../src/contract/index.ts';
import { fact } from '../../src/kernel/index.ts';
import { openHome } from '../../src/open-home.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';

/** more than one answer holds */
const CROWD = 1_001;
let desk: CommandDesk;

interface Row {
  readonly id: Id;
  readonly title: string;
  readonly risk: string;
}

beforeAll(async () => {
  desk = await createExampleDesk('long-answers');
  const clock = createSystemClock(undefined);
  const house = await openHome({
    ...{ home: desk.places.home, version: '0.0.0-test', isTestClock: false, patienceMs: 0, clock },
    ...{ origins: () => [], report: () => undefined, onFatal: () => undefined },
  });
  const { log } = house.services;
  const ids = Array.from({ length: CROWD }, (_, n) => String(n).padStart(8, '0'));
  const item = (id: Id, title: string, risk: 'low' | 'high') => ({
    stream: `item/${id}`,
    expectedVersion: 0,
    events: [fact('item.opened', { kind: 'finding', title, effects: [], risk })],
  });
  const run = (id: Id) => ({
    stream: `run/${id}`,
    expectedVersion: 0,
    events: [
      fact('intent.recorded', { words: `words ${id}`, queue: 'soon' }),
      fact('run.claimed', { epoch: 1, worker: 'gone', until: 0 }),
      fact('step.waiting', { step: 'nap', for: 'time', until: 9e12, words: 'Waits.' }),
      fact('run.waiting', { for: 'time', words: 'Waits.' }),
    ],
  });
  await log.append(ids.map((id) => item(id, `Old and small ${id}`, 'low')));
  await log.append([item('fire', 'The house is on fire', 'high')]);
  await log.append(ids.map(run));
  const party = { type: 'party.created', by: 'import', label: OPERATOR };
  const noted = (n: number) => ({
    ...{ type: 'party.changed', by: 'import', label: OPERATOR },
    data: { set: { notes: `v${n}` }, unset: [] },
  });
  await log.append([
    {
      stream: 'party/often',
      expectedVersion: 0,
      events: [{ ...party, data: { fields: { name: 'Often' } } }, ...ids.map((_, n) => noted(n))],
    },
  ]);
  await house.close();
});
afterAll(() => desk.close());

describe('an answer that does not hold everything', () => {
  test('the gravest is in the inbox, however much older work waits before it', async () => {
    const items = await desk.data<readonly Row[]>(['inbox']);
    expect(items[0]).toMatchObject({ id: 'fire', risk: 'high' });
    expect(items).toHaveLength(1_000);
    const rest = await desk.data<readonly Row[]>(['inbox', '--after', items.at(-1)?.id ?? '']);
    const seen = [...items, ...rest].map(({ id }) => id);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(CROWD + 1);
  });

  test('the inbox says how to see the others', async () => {
    const { out } = await desk.run(['inbox', '--limit', '3']);
    expect(out).toContain(`3 of ${CROWD + 1} are shown. Go on: steward inbox --after 00000001`);
  });

  test('runs are listed to the first one, page by page', async () => {
    const { out } = await desk.run(['runs', '--limit', '60']);
    const before = /Those before: steward runs --before (\S+)/.exec(out)?.[1] ?? '';
    expect(before).toMatch(/^0/);
    const seen: string[] = [];
    for (let last: string | undefined; ; ) {
      const page = await desk.data<readonly Row[]>([
        ...['runs', '--limit', '700'],
        ...(last === undefined ? [] : ['--before', last]),
      ]);
      seen.push(...page.map(({ id }) => id));
      last = page.at(-1)?.id;
      if (page.length < 700) break;
    }
    expect(seen).toHaveLength(CROWD);
    expect(new Set(seen).size).toBe(CROWD);
  });

  test('what waits says how much more there is', async () => {
    const { reasons, more } = await desk.data<{ reasons: readonly unknown[]; more: number }>([
      'why',
    ]);
    expect([reasons.length, more]).toEqual([1_000, 1]);
    expect((await desk.run(['why'])).out).toContain('And 1 more. Of one run: steward why RUN');
  });

  test('every change of a record is in its history', async () => {
    const history = await desk.data<readonly unknown[]>(['history', 'party', 'often']);
    expect(history).toHaveLength(CROWD + 1);
  });
});
