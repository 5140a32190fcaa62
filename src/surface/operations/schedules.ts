import { z } from 'zod';
import type { JsonObject } from '../../base/index.ts';
import { companyZone } from '../views/session-view.ts';
import { idField, valuesField } from './inputs.ts';
import { defineOperation } from './operation.ts';

const schedule = { field: 'id', name: 'NAME', help: 'such as monthly-invoices' };

export const schedulesOperation = defineOperation({
  name: 'schedules',
  title: 'What the clock starts, when next, and what became of it last time',
  method: 'GET',
  path: '/api/schedules',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['schedules'], examples: ['steward schedules'] },
  handle: (_, { services }) => services.kernel.schedules.list(),
});

export const scheduleSetOperation = defineOperation({
  name: 'schedule-set',
  title: 'Let the clock start a playbook; a schedule of this name is replaced',
  method: 'POST',
  path: '/api/schedules/:id',
  access: 'operate',
  body: 'json',
  input: z.strictObject({
    id: idField,
    playbook: z.string().min(1).max(120),
    cron: z.string().min(1).max(200),
    input: valuesField.optional(),
    zone: z.string().min(1).max(64).optional(),
    missed: z.enum(['skip', 'one', 'all']).optional(),
    queue: z.enum(['now', 'soon', 'cheap']).optional(),
  }),
  cli: {
    words: ['schedules', 'set'],
    arguments: [schedule],
    options: [
      {
        field: 'playbook',
        flags: '--playbook <name>',
        help: 'what to start',
        kind: 'text',
        required: true,
      },
      {
        field: 'cron',
        flags: '--cron <fields>',
        help: 'minute hour day month weekday, or @daily',
        kind: 'text',
        required: true,
      },
      {
        field: 'input',
        flags: '--input <json>',
        help: 'its input; {"$expr": "fire.lastMonth"} reads the time it is meant for',
        kind: 'json',
      },
      { field: 'zone', flags: '--zone <zone>', help: 'yours unless said', kind: 'text' },
      {
        field: 'missed',
        flags: '--missed <rule>',
        help: 'times that passed while nothing ran: skip, one (unless said), all',
        kind: 'text',
      },
      {
        field: 'queue',
        flags: '--queue <queue>',
        help: 'now, soon (unless said), cheap',
        kind: 'text',
      },
    ],
    examples: [
      'steward schedules set month-end --playbook invoice-month --cron "0 8 1 * *" --input \'{"month":{"$expr":"fire.lastMonth"}}\'',
    ],
  },
  handle: async ({ id, playbook, cron, input, zone, missed, queue }, { services, caller }) => {
    const wanted: JsonObject = {
      ...{ id, playbook, cron, zone: zone ?? (await companyZone(services)) },
      ...(input === undefined ? {} : { input }),
      ...(missed === undefined ? {} : { missed }),
      ...(queue === undefined ? {} : { queue }),
    };
    return services.kernel.schedules.set(wanted, caller.by);
  },
});

export const scheduleRemoveOperation = defineOperation({
  name: 'schedule-remove',
  title: 'The clock starts this no more',
  method: 'POST',
  path: '/api/schedules/:id/remove',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField, because: z.string().max(500).optional() }),
  cli: {
    words: ['schedules', 'remove'],
    arguments: [schedule],
    options: [{ field: 'because', flags: '--because <text>', help: 'why', kind: 'text' }],
    examples: ['steward schedules remove month-end'],
  },
  handle: async ({ id, because = '' }, { services, caller }) => {
    await services.kernel.schedules.remove(id, because.trim() || 'You removed it.', caller.by);
    return { id, removed: true };
  },
});
