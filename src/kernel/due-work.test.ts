import { expect, test } from 'vitest';
import type { JsonObject } from '../base/index.ts';
import { OWN, type StoredEvent } from '../contract/index.ts';
import { dueTimeOf, setsTime } from './due-work.ts';

const APPENDED = 1_000;
const DUE = 2_000;

function stored(type: string, data: JsonObject): StoredEvent {
  return {
    ...{ company: 'company-1', seq: 1, id: 'id-1', stream: 'x/1', version: 1, type, data },
    ...{ at: APPENDED, by: 'kernel', label: OWN, engine: '0.1.0', dataHash: '', hash: '' },
  };
}

test.each([
  ['step.waiting', { step: 's', for: 'time', words: '', until: DUE }, DUE],
  ['item.snoozed', { until: DUE }, DUE],
  ['step.failed', { step: 's', attempt: 1, failure: {}, retryAt: DUE }, DUE],
  ['effect.approved', { hash: 'h', holds: [] }, APPENDED],
  ['schedule.set', { schedule: {}, next: DUE }, DUE],
])('%s sets a time, and is looked at for it', (type, data, due) => {
  expect([setsTime(type), dueTimeOf(stored(type, data))]).toEqual([true, due]);
});

test.each([
  ['step.waiting', { step: 's', for: 'answer', words: '' }],
  ['item.snoozed', { event: 'payment.created' }],
  ['step.failed', { step: 's', attempt: 1, failure: {} }],
])('%s without a time sets none', (type, data) => {
  expect(dueTimeOf(stored(type, data))).toBeUndefined();
});

test('what only says that something is done is not looked at', () => {
  expect(['step.completed', 'step.started', 'run.finished'].filter(setsTime)).toEqual([]);
});
