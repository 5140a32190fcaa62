import { z } from 'zod';
import { decisionsView } from '../views/decisions-view.ts';
import { idField, limitField } from './inputs.ts';
import { defineOperation } from './operation.ts';

const DECISIONS_SHOWN = 50;

export const decisionsOperation = defineOperation({
  name: 'decisions',
  title: 'Why each effect was allowed, asked about or denied, newest run first',
  method: 'GET',
  path: '/api/decisions',
  access: 'look',
  body: 'none',
  input: z.strictObject({ run: idField.optional(), limit: limitField.optional() }),
  cli: {
    words: ['decisions'],
    arguments: [{ field: 'run', name: 'RUN', help: 'only in this run', optional: true }],
    options: [{ field: 'limit', flags: '--limit <n>', help: 'at most so many', kind: 'number' }],
    examples: ['steward decisions', 'steward decisions 0198c2'],
  },
  handle: ({ run, limit = DECISIONS_SHOWN }, { services }) => decisionsView(services, run, limit),
});
