import { isJsonObject, type Json, type JsonObject, toTimestamp } from '../../base/index.ts';
import { failure, type Labelled, OPERATOR } from '../../contract/index.ts';
import { compileTemplate, resolveNow } from '../../plan/index.ts';
import type { Schedule } from './schedule.ts';

/**
 * The input of one fire: the operator wrote the template, and the only thing it can read is the time it
 * was meant for, so the same fire always has the same input. Fails with `expression_failed`.
 */
export function fireInput({ input, zone }: Schedule, intended: number): JsonObject {
  const scope = new Map<string, Labelled<Json>>([
    ['fire', { value: factsOf(zone, intended), labels: { base: OPERATOR } }],
  ]);
  const { value } = resolveNow(compileTemplate(input), scope, { own: OPERATOR });
  if (isJsonObject(value)) return value;
  throw failure('invalid_input', 'The input of a schedule is an object.', { path: 'input' });
}

function factsOf(zone: string, intended: number): JsonObject {
  const local = Temporal.Instant.fromEpochMilliseconds(intended).toZonedDateTimeISO(zone);
  const month = local.toPlainDate().toPlainYearMonth();
  return {
    at: toTimestamp(intended),
    day: local.toPlainDate().toString(),
    month: month.toString(),
    lastMonth: month.subtract({ months: 1 }).toString(),
  };
}
