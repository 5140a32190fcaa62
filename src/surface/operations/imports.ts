import { z } from 'zod';
import { TIME_LAYOUTS } from '../../company/freelancer/index.ts';
import { type CliOption, defineOperation } from './operation.ts';

const file = { field: 'file', name: 'FILE', help: 'a CSV file; - reads standard input' };
const format: CliOption = {
  field: 'format',
  flags: '--format <layout>',
  help: `${TIME_LAYOUTS.join(', ')} or auto (the default: by its header)`,
  kind: 'text',
};
/** what the imports themselves take on */
const FILE_BYTES = 1024 * 1024 * 1024;

export const importTimeOperation = defineOperation({
  name: 'import-time',
  title: 'Take in time from Toggl Track, Clockify or Harvest; doing it twice adds nothing',
  method: 'POST',
  path: '/api/import/time',
  access: 'operate',
  body: 'bytes',
  bodyBytes: FILE_BYTES,
  input: z.strictObject({
    format: z.enum([...TIME_LAYOUTS, 'auto']).optional(),
    dateOrder: z.enum(['day-month', 'month-day']).optional(),
  }),
  cli: {
    words: ['import', 'time'],
    arguments: [file],
    options: [
      format,
      {
        field: 'dateOrder',
        flags: '--date-order <order>',
        help: 'day-month or month-day, where the file does not settle it',
        kind: 'text',
      },
    ],
    examples: ['steward import time toggl-october.csv'],
  },
  handle: async ({ format: layout, dateOrder }, { services, caller, bytes }) => {
    const kept = await services.spool(bytes());
    try {
      return await services.imports.time(kept.source, {
        by: caller.by,
        ...(layout === undefined ? {} : { format: layout }),
        ...(dateOrder === undefined ? {} : { dateOrder }),
      });
    } finally {
      await kept.remove();
    }
  },
});

export const importPartiesOperation = defineOperation({
  name: 'import-parties',
  title: 'Take in customers and suppliers from a CSV file; doing it twice adds nothing',
  method: 'POST',
  path: '/api/import/parties',
  access: 'operate',
  body: 'bytes',
  bodyBytes: FILE_BYTES,
  input: z.strictObject({}),
  cli: {
    words: ['import', 'parties'],
    arguments: [file],
    examples: ['steward import parties customers.csv'],
  },
  handle: async (_, { services, caller, bytes }) => {
    const kept = await services.spool(bytes());
    try {
      return await services.imports.parties(kept.source, caller.by);
    } finally {
      await kept.remove();
    }
  },
});
