import type { Json } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { describeSchema, filledIn, promisedOutput, standInMisfits } from '../../plan/index.ts';
import { compiledStep, scopeOf } from '../run/run-places.ts';
import type { RunState } from '../run/run-state.ts';
import { stepTitle, type Turn } from '../run/turn.ts';
import { typesAround } from '../run/types-around.ts';

type PlaceTurn = Pick<Turn, 'run' | 'parts' | 'contract'>;

/**
 * The output that a value becomes which a person puts in its place: it must be what later steps were
 * promised. `undefined` is no value, which is enough where nothing reads it. Fails with `invalid_input`, naming
 * path, expected and found.
 */
export function standInOf(turn: PlaceTurn, path: string, value: Json | undefined): Json {
  const { run, parts } = turn;
  if (value === undefined && !isRead(run, path)) return null;
  const compiled = compiledStep(run, path);
  const names = typesAround(turn, path);
  const [misfit] = standInMisfits(compiled, value ?? null, parts, names);
  if (!misfit) return filledIn(compiled, value ?? null, parts);
  const at = misfit.path === '' ? 'value' : `value.${misfit.path}`;
  const found = value === undefined ? 'nothing' : misfit.found;
  const whole = describeSchema(promisedOutput(compiled, parts, names));
  throw failure(
    'invalid_input',
    `This cannot stand for what "${stepTitle(turn, path)}" leaves to later steps. ${at}: expected ${misfit.expected}, found ${found}.`,
    { path: at, expected: misfit.expected, found, step: path },
    `Give ${whole} as value, as JSON; or skip without a value: what needs it is skipped too.`,
  );
}

/** A later step, or the group that it is part of, works with what it leaves. */
function isRead(run: RunState, path: string): boolean {
  const { id, index, dependents } = compiledStep(run, path);
  if (dependents.some(({ refers }) => refers)) return true;
  const { prefix, compiled: plan } = scopeOf(run, path);
  if (prefix === '') return false;
  const around = compiledStep(run, groupOf(prefix));
  const { output } = around.templates;
  const reads = [...(output?.references ?? []), ...(around.expressions.until?.references ?? [])];
  if (reads.some(({ root }) => root === id)) return true;
  return output === undefined && index === plan.steps.length - 1;
}

/** `mails/3/` and `mails/catch/` belong to the step `mails`. */
function groupOf(prefix: string): string {
  return prefix.replace(/(\/(\d+|catch))?\/$/, '');
}
