import { describe, expect, test } from 'vitest';
import { RUN_STATUSES, type RunRow, type RunStatus } from '../../kernel/index.ts';
import { whyOf } from './why-view.ts';

const row: RunRow = {
  ...{ id: 'run-1', goal: 'invoice Acme', title: null, playbook: 'invoice-month@1' },
  ...{ status: 'running', waitingFor: null, words: null, queue: 'now', startSeq: 1 },
  ...{ startedAt: '2026-11-22T09:00:00.000Z', endedAt: null, snapshot: null, failure: null },
  ...{ fingerprint: '', meaning: null, compensates: null },
};
const parts = { row, run: undefined, reasons: [], items: ['item-1'] };
const whyIn = (status: RunStatus, more: Partial<RunRow> = {}) =>
  whyOf({ ...parts, row: { ...row, status, ...more } });

describe('why a run does not move', () => {
  test.each(RUN_STATUSES)(
    'is a sentence for a run that is %s, or nothing is to be said',
    (status) => {
      const why = whyIn(status);
      const isOver = ['running', 'done', 'failed', 'cancelled'].includes(status);
      if (isOver) expect(why).toBeNull();
      else expect(why?.words).toMatch(/^[A-Z].{10,}\.$/);
    },
  );

  test('what waits for you is opened from there, and what does not is not', () => {
    expect(whyIn('waiting', { waitingFor: 'approval', words: 'Waits for you: Send.' })).toEqual({
      ...{ words: 'Waits for you: Send.', item: 'item-1', run: null },
    });
    expect(whyIn('waiting', { waitingFor: 'time', words: 'Waits.' })?.item).toBeNull();
    expect(whyIn('parked', { words: 'It never got further.' })).toMatchObject({ item: 'item-1' });
  });

  test('a key is named with who holds it now, not who held it at first', () => {
    const holder = { run: 'run-2', step: 'hold' };
    const reason = {
      ...({ run: 'run-1', goal: 'x', step: 's', for: 'lock', until: null } as const),
      ...{ words: 'Waits for one, which run run-2 (hold) holds.' },
      lock: { key: 'one', holder, ahead: 0 },
    };
    const lockRow = { ...row, status: 'waiting', waitingFor: 'lock', words: 'old' } as const;
    expect(whyOf({ ...parts, row: lockRow, reasons: [reason] })).toEqual({
      ...{ words: 'Waits for one, which run run-2 (hold) holds.', item: null, run: 'run-2' },
    });
  });

  test('a run that is taken back names the run that does it', () => {
    const run = { compensatedBy: 'run-3', steps: new Map() };
    const cancelled = { ...row, status: 'compensating', words: 'Not needed.' } as const;
    expect(whyOf({ ...parts, row: cancelled, run })).toMatchObject({ run: 'run-3' });
  });
});
