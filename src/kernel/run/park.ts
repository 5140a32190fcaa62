import { compiledStep } from './run-places.ts';
import { open, say, stepTitle, type Turn } from './turn.ts';

/** Puts a run aside that took one process after the other down with it, and names what it was at. */
export function parkStuck(turn: Turn): void {
  const { run } = turn;
  const began = run.runningSteps.size > 0 ? [...run.runningSteps] : (run.frontier?.ready() ?? []);
  const calls = [...began].flatMap((path) => {
    const { step } = compiledStep(run, path);
    return 'call' in step ? [`${stepTitle(turn, path)} (${step.call})`] : [];
  });
  const named = calls.slice(0, NAMED).join(', ');
  const at = calls.length === 0 ? '' : ` Each time it was at: ${named}.`;
  parkRun(turn, `It was taken up ${run.idleClaims} times and never got further.${at}`);
}

/** calls that are named in one sentence */
const NAMED = 3;

/** Puts a run aside that does not get further by itself, and asks what should become of it. */
export function parkRun(turn: Turn, because: string): void {
  const { run } = turn;
  say(turn, 'run.parked', { because });
  open(turn, turn.newId(), {
    kind: 'escalation',
    title: `${run.title || run.words} is parked. ${because}`,
    effects: [],
    risk: 'medium',
    body: { recommendation: 'Look at its last step, then let it go on or cancel it.' },
    form: {
      fields: [{ name: 'action', kind: 'choice', required: true, choices: ['retry', 'cancel'] }],
    },
  });
}
