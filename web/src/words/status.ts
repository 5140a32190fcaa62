import type { EffectClass, EffectStatus, Mode } from '../../../src/contract/portable.ts';
import type { ItemKind } from '../api/shapes.ts';
import type { IconName } from '../parts/icon.tsx';

/** `warn` needs you, `stop` failed or final, `ok` done, `calm` everything else. */
export type Tone = 'calm' | 'warn' | 'stop' | 'ok' | 'accent';

/** A state in one or two words, with a shape and a tone: never colour alone. */
export interface StatusWords {
  readonly words: string;
  readonly icon: IconName;
  readonly tone: Tone;
}

const say = (words: string, icon: IconName, tone: Tone): StatusWords => ({ words, icon, tone });

export const EFFECT_WORDS: { readonly [Status in EffectStatus]: StatusWords } = {
  proposed: say('being prepared', 'dots', 'calm'),
  finalised: say('waits for you', 'wait', 'warn'),
  approved: say('approved', 'going', 'accent'),
  held: say('held for a moment', 'wait', 'accent'),
  committing: say('on its way', 'going', 'accent'),
  committed: say('done', 'ok', 'ok'),
  failed: say('failed', 'no', 'stop'),
  unknown: say('not known whether it happened', 'question', 'stop'),
  rejected: say('rejected', 'bar', 'calm'),
  denied: say('not allowed', 'bar', 'stop'),
  expired: say('expired', 'bar', 'calm'),
  stale: say('changed since', 'undo', 'warn'),
  withdrawn: say('withdrawn', 'bar', 'calm'),
  superseded: say('replaced by an edit', 'undo', 'calm'),
  undone: say('taken back', 'undo', 'calm'),
};

const RUN_WORDS: { readonly [status: string]: StatusWords } = {
  planned: say('about to start', 'dots', 'calm'),
  running: say('running', 'going', 'accent'),
  waiting: say('waits', 'wait', 'warn'),
  parked: say('parked', 'alert', 'warn'),
  cancelling: say('stopping', 'bar', 'calm'),
  compensating: say('taking back', 'undo', 'calm'),
  done: say('done', 'ok', 'ok'),
  failed: say('failed', 'no', 'stop'),
  cancelled: say('cancelled', 'bar', 'calm'),
  pending: say('not yet', 'dots', 'calm'),
  ready: say('next', 'dots', 'calm'),
  retrying: say('tries again', 'undo', 'warn'),
  skipped: say('skipped', 'skip', 'calm'),
  denied: say('not allowed', 'bar', 'stop'),
  compensated: say('taken back', 'undo', 'calm'),
};

/** Of a step to which its run did not come. */
export const NOT_REACHED: StatusWords = say('not reached', 'bar', 'calm');

/** Of a run or a step. */
export function runWords(status: string): StatusWords {
  return RUN_WORDS[status] ?? say(status, 'dots', 'calm');
}

/** Why a run waits, after "waits". */
export function waitWords(reason: string | null): string {
  return (reason !== null && WAIT_WORDS[reason]) || '';
}

const WAIT_WORDS: { readonly [reason: string]: string } = {
  approval: 'for your decision',
  answer: 'for your answer',
  event: 'for something to happen',
  time: 'for its time',
  lock: 'for another run',
  rate: 'for its turn',
  retry: 'to try again',
  window: 'for the quiet hours',
  undo: 'in case you take it back',
};

export const CLASS_WORDS: {
  readonly [Class in EffectClass]: { readonly words: string; readonly tone: Tone };
} = {
  pure: { words: 'Changes nothing', tone: 'calm' },
  read: { words: 'Only reads', tone: 'calm' },
  fetch: { words: 'Only reads outside', tone: 'calm' },
  record: { words: 'Your own books, can be undone', tone: 'calm' },
  reversible: { words: 'Can be taken back', tone: 'calm' },
  final: { words: 'Cannot be undone', tone: 'stop' },
  grave: { words: 'Moves money or binds you', tone: 'stop' },
};

export const MODE_WORDS: { readonly [M in Mode]: StatusWords } = {
  live: say('Live', 'going', 'accent'),
  sandbox: say('Sandbox', 'file', 'warn'),
  off: say('Off', 'bar', 'stop'),
};

export const KIND_WORDS: { readonly [Kind in ItemKind]: StatusWords } = {
  approval: say('Approval', 'pen', 'warn'),
  question: say('Question', 'question', 'warn'),
  task: say('Task', 'task', 'warn'),
  conflict: say('Conflict', 'alert', 'warn'),
  escalation: say('Stuck', 'alert', 'warn'),
  finding: say('Finding', 'alert', 'warn'),
};

/** How a closed item ended. */
export function endWords(end: string | null | undefined, because?: string | null): string {
  return because ?? ((end && END_WORDS[end]) || 'closed');
}

const END_WORDS: { readonly [end: string]: string } = {
  approved: 'You approved this.',
  rejected: 'You rejected this.',
  answered: 'You answered this.',
  withdrawn: 'This was withdrawn: its run was cancelled.',
  expired: 'This expired. Nothing happened.',
  resolved: 'This is settled.',
  stale:
    'This could not be prepared again. Nothing happened; a task in your inbox says what to do.',
};

/** `mail.send@1` is "mail.send"; playbooks lose their version the same way. */
export function bareName(ref: string): string {
  return ref.replace(/@\d+$/, '');
}

/** How often something went there: "new", "2nd time". */
export function timesWords(count: number): string {
  if (count === 0) return 'new';
  const next = count + 1;
  const tens = next % 100;
  const ending = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][next % 10] ?? 'th');
  return `${next}${ending} time`;
}
