import { z } from 'zod';
import type { JsonObject } from '../../base/index.ts';
import { failure, issueWords, neededWords } from '../../contract/index.ts';

/** What happens to fires that were due while nothing ran: none of them, one for all, every one. */
export const MISSED_RULES = ['skip', 'one', 'all'] as const;
export type MissedRule = (typeof MISSED_RULES)[number];

/** A goal that the clock submits. */
export interface Schedule {
  readonly id: string;
  /** `name` for the version that is active at the time, or `name@version` */
  readonly playbook: string;
  /** its input; expressions see `fire.at`, `fire.day`, `fire.month` and `fire.lastMonth` */
  readonly input: JsonObject;
  /** five fields (minute hour day month weekday) or a nickname such as `@daily` */
  readonly cron: string;
  /** IANA zone that the fields are read in */
  readonly zone: string;
  readonly missed: MissedRule;
  readonly queue: 'now' | 'soon' | 'cheap';
}

const scheduleSchema: z.ZodType<Schedule> = z.strictObject({
  id: z
    .string()
    .max(100)
    .regex(/^[a-z0-9][a-zA-Z0-9_.-]*$/, 'a name such as monthly-invoices'),
  playbook: z
    .string()
    .max(120)
    .regex(/^[a-z][a-zA-Z0-9_.-]*(@[1-9][0-9]{0,5})?$/, 'a playbook, such as invoice-month'),
  // checked to be JSON by the door that read it
  input: z.record(z.string(), z.json()).default({}) as unknown as z.ZodType<JsonObject>,
  cron: z.string().min(1).max(200),
  zone: z.string().min(1).max(64),
  missed: z.enum(MISSED_RULES).default('one'),
  queue: z.enum(['now', 'soon', 'cheap']).default('soon'),
});

/** Reads a schedule from outside. Fails with `invalid_input`, naming the field. */
export function readSchedule(json: unknown): Schedule {
  const read = scheduleSchema.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw failure(
    'invalid_input',
    `The schedule does not fit. ${issue ? issueWords(issue) : ''}`.trim(),
    { path, expected: issue ? neededWords(issue) : '' },
  );
}
