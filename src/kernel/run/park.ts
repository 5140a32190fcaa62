import { open, say, type Turn } from './turn.ts';

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
