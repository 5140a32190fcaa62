import { z } from 'zod';
import { LIMITS } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { cardView, inboxRow } from '../views/item-view.ts';
import { decidedView } from '../views/rest.ts';
import { flagField, idField, limitField, signedField, timeField, valuesField } from './inputs.ts';
import { defineOperation } from './operation.ts';

const item = { field: 'id', name: 'ITEM', help: 'id of the item; its first letters are enough' };

/** items in one answer; `total` says how many there are */
const ITEMS_SHOWN = LIMITS.pageRows;

export const inboxOperation = defineOperation({
  name: 'inbox',
  title: 'What waits for you',
  method: 'GET',
  path: '/api/inbox',
  access: 'look',
  body: 'none',
  input: z.strictObject({
    snoozed: flagField.optional(),
    after: idField.optional(),
    limit: limitField.optional(),
  }),
  cli: {
    words: ['inbox'],
    options: [
      { field: 'snoozed', flags: '--snoozed', help: 'also what you put off', kind: 'flag' },
      { field: 'after', flags: '--after <item>', help: 'what stands behind it', kind: 'text' },
      { field: 'limit', flags: '--limit <n>', help: 'at most so many', kind: 'number' },
    ],
    examples: ['steward inbox', 'steward inbox --json'],
  },
  handle: async ({ snoozed = false, after, limit = ITEMS_SHOWN }, { services }) => {
    const { items } = services.kernel;
    const asked = { snoozed, ...(after === undefined ? {} : { after }) };
    const rows = await items.list({ ...asked, limit });
    const last = rows.at(-1);
    const [next] = last ? await items.list({ snoozed, after: last.id, limit: 1 }) : [];
    return {
      items: await Promise.all(rows.map((row) => inboxRow(services, row))),
      // how many wait altogether, and the item behind which the others stand
      ...{ total: await items.count({ snoozed }), next: next && last ? last.id : null },
    };
  },
});

export const showOperation = defineOperation({
  name: 'show',
  title: 'The full card of an item: every effect, its hash and how it will look',
  method: 'GET',
  path: '/api/items/:id',
  access: 'look',
  body: 'none',
  input: z.strictObject({ id: idField }),
  cli: { words: ['show'], arguments: [item], examples: ['steward show 0198c2'] },
  handle: ({ id }, { services }) => cardView(services, id),
});

export const approveOperation = defineOperation({
  name: 'approve',
  title: 'Approve exactly the effects that you were shown',
  method: 'POST',
  path: '/api/items/:id/approve',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField, signed: signedField }),
  cli: {
    words: ['approve'],
    arguments: [item],
    options: [
      {
        field: 'effect',
        flags: '--effect <hash>',
        help: 'sign only this effect; needed where nobody looks (repeatable)',
        kind: 'list',
      },
    ],
    examples: ['steward approve 0198c2', 'steward approve 0198c2 --effect 3fa9...'],
  },
  handle: async ({ id, signed }, { services }) => {
    if (signed.statement.decision !== 'approve') throw wrongDecision('approve');
    const { run } = await services.kernel.items.decide(id, signed);
    return decidedView(services, id, run);
  },
});

export const rejectOperation = defineOperation({
  name: 'reject',
  title: 'Reject an item, or some of its effects, and say why',
  method: 'POST',
  path: '/api/items/:id/reject',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField, signed: signedField, reason: z.string().max(2_000) }),
  cli: {
    words: ['reject'],
    arguments: [item],
    options: [
      {
        field: 'reason',
        flags: '--reason <text>',
        help: 'why; it is learned from',
        kind: 'text',
        required: true,
      },
      { field: 'effect', flags: '--effect <hash>', help: 'only this effect', kind: 'list' },
    ],
    examples: ['steward reject 0198c2 --reason "Wrong month"'],
  },
  handle: async ({ id, signed, reason }, { services }) => {
    if (signed.statement.decision !== 'reject') throw wrongDecision('reject');
    const { run } = await services.kernel.items.decide(id, signed, reason);
    return decidedView(services, id, run);
  },
});

export const editOperation = defineOperation({
  name: 'edit',
  title: 'Change an effect before you decide; it becomes a new one with a new hash',
  method: 'POST',
  path: '/api/items/:id/edit',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField, set: valuesField }),
  cli: {
    words: ['edit'],
    arguments: [item],
    options: [
      {
        field: 'set',
        flags: '--set <path=value>',
        help: 'such as mail.subject="Your invoice" (repeatable)',
        kind: 'set-json',
        required: true,
      },
    ],
    examples: ['steward edit 0198c2 --set mail.subject="Your October invoice"'],
  },
  handle: async ({ id, set }, { services, caller }) => {
    await services.kernel.items.edit(id, set, caller);
    return cardView(services, id);
  },
});

export const answerOperation = defineOperation({
  name: 'answer',
  title: 'Answer a question or a task',
  method: 'POST',
  path: '/api/items/:id/answer',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField, set: valuesField }),
  cli: {
    words: ['answer'],
    arguments: [item],
    options: [
      {
        field: 'set',
        flags: '--set <field=value>',
        help: 'one field of the form (repeatable)',
        kind: 'set',
      },
    ],
    examples: ['steward answer 0198c2 --set street="Hauptplatz 1" --set city=Graz'],
  },
  handle: async ({ id, set }, { services, caller }) => {
    const { run } = await services.kernel.items.answer(id, set, caller);
    return decidedView(services, id, run);
  },
});

export const snoozeOperation = defineOperation({
  name: 'snooze',
  title: 'Put an item off until a time, or until something happens',
  method: 'POST',
  path: '/api/items/:id/snooze',
  access: 'operate',
  body: 'json',
  input: z.strictObject({
    id: idField,
    until: timeField.optional(),
    event: z.string().min(1).max(100).optional(),
    of: z.string().min(1).max(200).optional(),
  }),
  cli: {
    words: ['snooze'],
    arguments: [item],
    options: [
      {
        field: 'until',
        flags: '--until <time>',
        help: 'such as 2026-12-01 or 2026-12-01T09:00:00Z',
        kind: 'text',
      },
      {
        field: 'event',
        flags: '--event <type>',
        help: 'or as soon as this is in the log, such as payment.created',
        kind: 'text',
      },
      {
        field: 'of',
        flags: '--of <record>',
        help: 'only of this record, such as party/0198c2...',
        kind: 'text',
      },
    ],
    examples: [
      'steward snooze 0198c2 --until 2026-12-01',
      'steward snooze 0198c2 --event payment.created',
    ],
  },
  handle: async ({ id, until, event, of }, { services, caller }) => {
    const wanted = {
      ...(until === undefined ? {} : { until: Date.parse(until) }),
      ...(event === undefined
        ? {}
        : { event: { type: event, ...(of === undefined ? {} : { of }) } }),
    };
    await services.kernel.items.snooze(id, wanted, caller.by);
    const { item: row } = await services.kernel.items.open(id);
    return inboxRow(services, row);
  },
});

function wrongDecision(expected: string) {
  return failure('invalid_input', `What you signed is not "${expected}".`, {
    path: 'signed.statement.decision',
    expected,
  });
}
