import { z } from 'zod';
import { toTimestamp } from '../../base/index.ts';
import { failure, type StoredEvent } from '../../contract/index.ts';
import { type LogHead, parseCheckpoint } from '../../log/index.ts';
import { limitField, numberField } from './inputs.ts';
import { defineOperation, type Services } from './operation.ts';

const EVENTS_SHOWN = 100;

export const logOperation = defineOperation({
  name: 'log',
  title: 'Events of the log, in order',
  method: 'GET',
  path: '/api/log',
  access: 'look',
  body: 'none',
  input: z.strictObject({ after: numberField.optional(), limit: limitField.optional() }),
  cli: {
    words: ['log'],
    options: [
      { field: 'after', flags: '--after <seq>', help: 'only what came after', kind: 'number' },
      { field: 'limit', flags: '--limit <n>', help: 'at most so many', kind: 'number' },
    ],
    examples: ['steward log', 'steward log --after 120 --limit 20 --json'],
  },
  handle: async ({ after, limit = EVENTS_SHOWN }, { services: { log } }) => {
    const durableSeq = log.durableSeq();
    const from = after ?? Math.max(0, durableSeq - limit);
    const events = await log.read({ after: from, limit, upTo: durableSeq });
    return { events: events.map(eventView), durableSeq };
  },
});

/** An event as it leaves the process. */
export function eventView(event: StoredEvent) {
  return { ...event, at: toTimestamp(event.at) };
}

export const logVerifyOperation = defineOperation({
  name: 'log-verify',
  title: 'Check that no event was changed, dropped, reordered or cut off',
  method: 'POST',
  path: '/api/log/verify',
  access: 'look',
  body: 'json',
  input: z.strictObject({ checkpoint: z.string().max(10_000).optional() }),
  cli: {
    words: ['log', 'verify'],
    options: [
      {
        field: 'checkpoint',
        flags: '--checkpoint <file>',
        help: 'a signed checkpoint that you kept elsewhere',
        kind: 'text',
      },
    ],
    examples: ['steward log verify', 'steward log verify --checkpoint ~/kept/latest'],
  },
  handle: async ({ checkpoint }, { services }) => {
    const kept = await services.checkpoints.latest();
    const notes = [checkpoint, kept].filter((note) => note !== undefined);
    const heads = notes.map((note) => headIn(services, note));
    const report = await services.checkpoints.verify(heads);
    return { ...report, checkpoints: heads.map(({ seq }) => seq) };
  },
});

/** Fails with `invalid_input` for a note of another company, `bad_signature` for one that nobody here signed. */
function headIn({ log, checkpoints }: Services, note: string): LogHead {
  const { checkpoint } = parseCheckpoint(note);
  if (checkpoint.company !== log.company) {
    throw failure('invalid_input', 'This checkpoint belongs to another company.', {
      path: 'checkpoint',
      found: checkpoint.company,
    });
  }
  if (checkpoints.isOurs(note)) return { seq: checkpoint.seq, hash: checkpoint.hash };
  throw failure(
    'bad_signature',
    'This checkpoint was not signed by the key of this log.',
    { seq: checkpoint.seq },
    'Take a checkpoint that this company wrote, or ask who replaced keys/log.key.',
  );
}
