import { z } from 'zod';
import { decisionsOfRun, newestDecisions } from '../views/decisions-view.ts';
import { idField, limitField } from './inputs.ts';
import { defineOperation } from './operation.ts';

/** decisions after which one answer looks at no further run */
export const DECISIONS_SHOWN = 50;

export const decisionsOperation = defineOperation({
  name: 'decisions',
  title: 'Why each effect was allowed, asked about or denied, newest run first',
  method: 'GET',
  path: '/api/decisions',
  access: 'look',
  body: 'none',
  input: z.strictObject({
    run: idField.optional(),
    limit: limitField.optional(),
    before: idField.optional(),
  }),
  cli: {
    words: ['decisions'],
    arguments: [{ field: 'run', name: 'RUN', help: 'only in this run', optional: true }],
    options: [
      {
        field: 'limit',
        flags: '--limit <n>',
        help: 'no further run after so many',
        kind: 'number',
      },
      { field: 'before', flags: '--before <run>', help: 'only in runs before this', kind: 'text' },
    ],
    examples: ['steward decisions', 'steward decisions 0198c2'],
  },
  handle: ({ run, limit = DECISIONS_SHOWN, before }, { services }) =>
    run === undefined ? newestDecisions(services, limit, before) : decisionsOfRun(services, run),
});
