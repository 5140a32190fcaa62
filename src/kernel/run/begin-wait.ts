import type { Json } from '../../base/index.ts';
import type { CompiledStep } from '../../plan/index.ts';
import { namesIn, scopeOf } from './run-places.ts';
import { isObject, resolveNowIn, say, type Turn } from './turn.ts';

export function beginWait(turn: Turn, path: string, compiled: CompiledStep): void {
  if (!('wait' in compiled.step)) return;
  const { event, for: duration } = compiled.step.wait;
  const until = untilOf(turn, path, compiled, duration);
  const match = matchOf(turn, path, compiled);
  say(turn, 'step.waiting', {
    step: path,
    for: event === undefined ? 'time' : 'event',
    words: waitWords(event, until),
    ...(until === undefined ? {} : { until }),
    ...(event === undefined ? {} : { event: { type: event, ...(match ? { match } : {}) } }),
  });
}

function untilOf(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
  duration: string | undefined,
): number | undefined {
  const ends: number[] = [];
  if (duration !== undefined) {
    const start = Temporal.Instant.fromEpochMilliseconds(turn.now).toZonedDateTimeISO('UTC');
    ends.push(start.add(Temporal.Duration.from(duration)).epochMilliseconds);
  }
  if (compiled.templates.until) {
    const { value } = resolveNowIn(turn, path, compiled.templates.until);
    ends.push(Temporal.Instant.from(String(value)).epochMilliseconds);
  }
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/**
 * `event.invoice == issue.invoice` gives `['invoice', value]`: found by one look into an index, so
 * that an event wakes the runs it concerns and no others.
 */
function matchOf(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
): readonly [string, Json] | undefined {
  const tree = compiled.expressions.where?.tree;
  if (tree?.op !== '==') return undefined;
  const where = compiled.expressions.where;
  const own = where?.references.find((reference) => reference.root === 'event');
  const other = where?.references.find((reference) => reference.root !== 'event');
  if (where?.references.length !== 2 || !own || !other || own.path === '') return undefined;
  const source = namesIn(turn.run, scopeOf(turn.run, path)).get(other.root);
  const value = source && at(source.value, other.path);
  return typeof value === 'string' ? [own.path, value] : undefined;
}

function waitWords(event: string | undefined, until: number | undefined): string {
  const time = until === undefined ? '' : new Date(until).toISOString();
  if (event === undefined) return `Waits until ${time}.`;
  return time === '' ? `Waits for ${event}.` : `Waits for ${event}, until ${time} at the latest.`;
}

function at(value: Json, path: string): Json | undefined {
  if (path === '') return value;
  return path
    .split('.')
    .reduce<Json | undefined>((here, part) => (isObject(here) ? here[part] : undefined), value);
}
