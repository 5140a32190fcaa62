import { isJsonObject, type Json } from '../../base/index.ts';
import { type Failure, type Labelled, OPERATOR } from '../../contract/index.ts';
import { evaluateCondition } from '../../plan/index.ts';
import { withEdits } from '../effects/edits.ts';
import type { KernelEvent } from '../events.ts';
import { executeAgent } from '../run/execute.ts';
import { inputPrint } from '../run/input-print.ts';
import { compiledStep, namesIn, scopeOf, stepOf } from '../run/run-places.ts';
import { nextTryAt } from '../run/step-rules.ts';
import { closedContext } from './closed-ports.ts';
import { asPlain, isSameJson } from './divergence.ts';
import type { Recording } from './recording.ts';
import type { ReplayPorts } from './replay-run.ts';
import { parted, type Tape } from './tape.ts';

type Of<Type extends KernelEvent['type']> = Extract<KernelEvent, { readonly type: Type }>;

/** A wait ends when its time had come, or for an event that it really waited for. */
export function checkEnd(tape: Tape, event: Of<'wait.ended'>): void {
  const { step: path, how } = event.data;
  const step = stepOf(tape.run(), path);
  if (how === 'event') checkEvent(tape, event);
  if (how !== 'time') return;
  const due = step.status === 'retrying' ? step.retryAt : step.waiting?.until;
  if (due !== undefined && due > event.at) {
    throw parted(event, 'Its time had not come.', due, event.at);
  }
}

function checkEvent(tape: Tape, event: Of<'wait.ended'>): void {
  const run = tape.run();
  const { step: path } = event.data;
  const { where } = compiledStep(run, path).expressions;
  const output = tape.next(path, 'here')?.data.output;
  if (!where || !isJsonObject(output)) return;
  const brought = output.event ?? null;
  const own = new Map<string, Labelled<Json>>([
    ['event', { value: brought, labels: { base: OPERATOR } }],
  ]);
  if (evaluateCondition(where, namesIn(run, scopeOf(run, path), own))) return;
  throw parted(event, 'It would not have waited for this event.', where.text, brought);
}

/**
 * The end of a call that the plan has begun. A pure one is executed again and must end the same; the
 * others are believed. True when it was executed.
 */
export async function checkOutcome(
  ports: ReplayPorts,
  tape: Tape,
  event: Of<'step.completed' | 'step.failed'>,
): Promise<boolean> {
  const { step: path } = event.data;
  const call = tape.closed().calls.get(path);
  if (!call) {
    if (event.type === 'step.failed' && tape.isEffect(path)) return false;
    throw parted(event, 'The plan has not begun this step now.', null);
  }
  const { contract, input } = call;
  checkGiven(event, input.value);
  const entry = ports.registry.get(`${contract.name}@${contract.version}`);
  if (contract.effect !== 'pure' || entry.kind !== 'agent') return false;
  // whether a machine was too slow is no decision
  if (event.type === 'step.failed' && event.data.failure.code === 'timed_out') return false;
  const outcome = await executeAgent({
    ...{ run: tape.run().id, step: path, input, agent: entry.agent },
    attempt: stepOf(tape.run(), path).attempt || 1,
    context: closedContext(event.at, ports.zone()),
  });
  const found =
    outcome.status === 'done'
      ? { output: outcome.output.value, labels: outcome.output.labels }
      : { failure: outcome.failure.toData() };
  const expected =
    event.type === 'step.completed'
      ? { output: event.data.output, labels: event.data.labels ?? null }
      : { failure: event.data.failure };
  if (isSameJson(found, expected)) return true;
  throw parted(
    event,
    `${contract.name} answers something else now.`,
    asPlain(found),
    asPlain(expected),
  );
}

/** A live step is believed, and only for what it was given then. Older logs do not say it. */
function checkGiven(event: Of<'step.completed' | 'step.failed'>, input: Json): void {
  const { given } = event.data;
  const found = inputPrint(input);
  if (given === undefined || given === found) return;
  throw parted(event, 'It would be given something else now.', { given: found, input }, { given });
}

/** A failure is tried again, or not, by the same rule. The delay itself is partly chance. */
export function checkRule(
  ports: ReplayPorts,
  tape: Tape,
  event: Of<'step.failed'>,
  problem: Failure,
): void {
  const { step: path, attempt, retryAt } = event.data;
  const compiled = compiledStep(tape.run(), path);
  if (!('call' in compiled.step) || compiled.step.retry?.withinMs !== undefined) return;
  // an interrupted step that may only happen once is never repeated, whatever its rule says
  if (problem.code === 'outcome_unknown') return;
  const contract = ports.registry.find(compiled.step.call)?.contract;
  const startedAt = stepOf(tape.run(), path).startedAt ?? event.at;
  const again = nextTryAt(problem, attempt, compiled, contract, startedAt, event.at, 0.5);
  const found = again === undefined ? 'given up' : 'tried again';
  const expected = retryAt === undefined ? 'given up' : 'tried again';
  if (found !== expected) throw parted(event, `It is ${found} now.`, found, expected);
}

/** What was signed was made from the same input as comes out now. */
export async function checkEffect(
  { effects }: Recording,
  tape: Tape,
  event: Of<'step.started'>,
): Promise<void> {
  const { step: path } = event.data;
  const effect = effects.get(path)?.findLast(({ seq }) => seq < event.seq);
  if (!effect) throw parted(event, 'Nothing was prepared for this effect.', null);
  const planned = await tape.resolve(path, effect.seq);
  const value = isJsonObject(planned.value) ? planned.value : {};
  const found = withEdits({ value, labels: planned.labels }, effect.data.edits);
  if (isSameJson(found.value, effect.data.input)) return;
  const said = 'The effect would be another one now.';
  throw parted(event, said, asPlain(found.value), effect.data.input);
}
