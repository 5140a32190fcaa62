import { z } from 'zod';
import { LIMITS } from '../../base/index.ts';
import { runsFold, waitsFold } from '../../kernel/index.ts';
import { findRun, stateOf } from '../views/run-view.ts';
import { controlOf } from '../views/session-view.ts';
import { unmetIn } from '../views/why-view.ts';
import { idField } from './inputs.ts';
import { defineOperation, type Services } from './operation.ts';

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
    const reasons = await services.kernel.reasons(id);
    return {
      stopped: control?.stopped ?? true,
      mode: control?.mode ?? 'off',
      reasons,
      // it moved on, and without what it repeated for; only asked of one run, for its steps are read
      unmet: id === undefined ? [] : unmetIn(await stateOf(services, id)),
      more: await moreThan(services, reasons.length, id),
    };
  },
});

/** What waits besides what is named here. */
async function moreThan({ log }: Services, named: number, run?: string): Promise<number> {
  if (named < LIMITS.pageRows) return 0;
  const waits = await log.fold(waitsFold).count(run === undefined ? {} : { equals: `${run}|` });
  const parked =
    run === undefined ? await log.fold(runsFold).count({ index: 'status', equals: 'parked' }) : 0;
  return Math.max(0, waits + parked - named);
}

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
