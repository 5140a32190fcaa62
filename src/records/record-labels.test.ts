import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../base/index.ts';
import { COUNTERPARTY, type Label, OPERATOR, OWN, PUBLIC } from '../contract/index.ts';
import type { RecordState } from './define-record.ts';
import { evolveRecord, redactRecord } from './evolve-record.ts';
import { labelsOfRecord } from './record-labels.ts';

const STREAM = 'party/p1';
const LOCAL: Label = { integrity: 'own', placement: 'this-machine' };

function evolve(
  state: RecordState | undefined,
  type: string,
  data: JsonObject,
  label: Label,
  more: { readonly fieldLabels?: { readonly [path: string]: Label }; readonly erased?: true } = {},
): RecordState {
  const version = (state?.version ?? 0) + 1;
  const event = { stream: STREAM, type, data, version, seq: version, at: 0, label, ...more };
  const after = evolveRecord(state, event);
  if (!after) throw new Error('the record was not created');
  return after;
}

const created = (label: Label, fields: JsonObject = { name: 'Zoe', email: 'z@example.org' }) =>
  evolve(undefined, 'party.created', { fields: { kinds: ['customer'], ...fields } }, label);

describe('labels of a record', () => {
  test('are not stored where everything is our own', () => {
    expect(created(OPERATOR)).not.toHaveProperty('labels');
    expect(created(OWN)).not.toHaveProperty('labels');
    expect(labelsOfRecord(created(OWN))).toEqual({ base: OWN });
  });

  test('are those of who wrote it, field by field', () => {
    const state = created(COUNTERPARTY);
    expect(state.labels).toEqual({
      name: COUNTERPARTY,
      kinds: COUNTERPARTY,
      email: COUNTERPARTY,
    });
  });

  test('of single fields come from the labels of the event', () => {
    const state = evolve(
      undefined,
      'party.created',
      { fields: { name: 'Zoe', email: 'z@example.org', kinds: ['lead'] } },
      OWN,
      { fieldLabels: { 'fields.email': PUBLIC } },
    );
    expect(state.labels).toEqual({ email: PUBLIC });
  });

  test('go with the value: what the operator typed anew is theirs', () => {
    const before = created(COUNTERPARTY);
    const set = { set: { email: 'new@example.org' }, unset: [] };
    const after = evolve(before, 'party.changed', set, OPERATOR);
    expect(after.labels).toEqual({ name: COUNTERPARTY, kinds: COUNTERPARTY });
  });

  test('of a field that a stranger writes over become theirs', () => {
    const set = { set: { email: 'new@example.org' }, unset: [] };
    expect(evolve(created(OPERATOR), 'party.changed', set, PUBLIC).labels).toEqual({
      email: PUBLIC,
    });
  });

  test('of a list keep the weaker side: it may still hold what was in it', () => {
    const set = { set: { kinds: ['lead', 'customer'] }, unset: [] };
    const after = evolve(created(COUNTERPARTY), 'party.changed', set, OPERATOR);
    expect(after.labels?.kinds).toEqual(COUNTERPARTY);
  });

  test('of fields that nobody touched stay', () => {
    const archived = evolve(created(PUBLIC), 'party.archived', {}, OPERATOR);
    expect(archived.labels).toEqual(created(PUBLIC).labels);
  });

  test('that bind a value to this machine stay with it, also when they are raised', () => {
    const bound = created({ ...LOCAL, integrity: 'counterparty' });
    const raised = evolve(bound, 'party.label-raised', { paths: ['email'], to: 'own' }, OPERATOR);
    expect(raised.labels?.email).toEqual(LOCAL);
    expect(raised.labels?.name).toEqual({ integrity: 'counterparty', placement: 'this-machine' });
  });

  test('are raised for the named paths only', () => {
    const raised = evolve(
      created(COUNTERPARTY),
      'party.label-raised',
      { paths: ['email', 'kinds'], to: 'own' },
      OPERATOR,
    );
    expect(raised.labels).toEqual({ name: COUNTERPARTY });
  });

  test('of an erased person are what a rebuild from the erased log finds', () => {
    const gone = { $erased: true };
    const live = redactRecord(created(COUNTERPARTY), 'p1');
    const rebuilt = evolve(
      undefined,
      'party.created',
      { fields: { kinds: ['customer'], name: gone, email: gone } },
      COUNTERPARTY,
    );
    expect(rebuilt).toEqual(live);
    expect(live.labels).toEqual({ kinds: COUNTERPARTY });
  });
});
