import { z } from 'zod';
import { findRun } from '../views/run-view.ts';
import { controlOf } from '../views/session-view.ts';
import { idField } from './inputs.ts';
import { defineOperation } from './operation.ts';

export const whyOperation = defineOperation({
  name: 'why',
  title: 'Everything that is not running, and why',
  method: 'GET',
  path: '/api/why',
  access: 'look',
  body: 'none',
  input: z.strictObject({ run: idField.optional() }),
  cli: {
    words: ['why'],
    arguments: [{ field: 'run', name: 'RUN', help: 'only this run', optional: true }],
    examples: ['steward why', 'steward why 0198c2'],
  },
  handle: async ({ run }, { services }) => {
    const id = run === undefined ? undefined : (await findRun(services, run)).id;
    const control = await controlOf(services);
    return {
      stopped: control?.stopped ?? true,
      mode: control?.mode ?? 'off',
      reasons: await services.kernel.reasons(id),
    };
  },
});

export const locksOperation = defineOperation({
  name: 'locks',
  title: 'Who works on what right now, and who waits for it',
  method: 'GET',
  path: '/api/locks',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['locks'], examples: ['steward locks'] },
  handle: async (_, { services }) => services.kernel.locks(),
});
