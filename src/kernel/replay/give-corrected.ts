import { toFailure } from '../../contract/index.ts';
import { type InputPart, inputPartOf } from '../../plan/index.ts';
import { requireInput } from '../inbox/fixed-input.ts';
import { compiledStep, stepOf } from '../run/run-places.ts';
import { beginStep } from '../run/start-steps.ts';
import { say, type Turn } from '../run/turn.ts';
import type { ClosedTurn } from './closed-turn.ts';
import type { Corrected, Oracle } from './oracle.ts';

/** kinds whose inner steps are decided again: what a call or a question was given shows in its result */
const GROUPS: ReadonlySet<string> = new Set(['each', 'play', 'expand']);

/**
 * A group that fails, and to which a person gave other input then, goes on with that. True when one did.
 * Where it does not fit here, `unfit` says why; each group is looked at once.
 */
export function giveCorrected(
  { turn, taken }: ClosedTurn,
  oracle: Oracle,
  unfit: Map<string, string | undefined>,
): boolean {
  const { run } = turn;
  for (const path of run.waitingSteps) {
    const { failure: problem, waiting } = stepOf(run, path);
    if (!problem || waiting?.for !== 'answer' || unfit.has(path)) continue;
    const given = oracle.correctedAt(path);
    if (!given) continue;
    const why = whyUnfit(turn, path, given);
    unfit.set(path, why);
    if (why !== undefined) continue;
    say(turn, 'wait.ended', { step: path, how: 'answer' });
    say(turn, 'step.fixed', { ...given, step: path });
    beginStep(turn, path);
    taken();
    return true;
  }
  return false;
}

function whyUnfit(turn: Turn, path: string, { input, of }: Corrected): string | undefined {
  const compiled = compiledStep(turn.run, path);
  const here = inputPartOf(compiled);
  if (!GROUPS.has(compiled.kind) || here !== of) {
    const takes = here === undefined ? 'nothing' : PARTS[here];
    return `You gave it ${PARTS[of]} by hand; here it takes ${takes}.`;
  }
  try {
    requireInput(turn, path, input);
    return undefined;
  } catch (error) {
    return `What you gave it by hand does not fit here: ${toFailure(error).message}`;
  }
}

const PARTS: { readonly [Part in InputPart]: string } = {
  with: 'an input',
  over: 'a list to go through',
  plan: 'a plan',
};
