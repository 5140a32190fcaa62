import { failure } from '../../contract/index.ts';
import type { WaitReason } from '../events.ts';
import { stepOf } from './run-places.ts';
import { say, type Turn } from './turn.ts';

/** Nothing moves: the run is over, or it waits and says for what. */
export function settleRun(turn: Turn): void {
  const { run } = turn;
  if (run.frontier?.isFinished()) {
    const denied = [...run.steps.values()].find((step) => step.status === 'denied');
    if (denied) {
      say(turn, 'run.finished', {
        status: 'cancelled',
        failure: failure('denied', denied.because ?? 'It was not allowed.').toData(),
      });
    } else {
      say(turn, 'run.finished', { status: 'done' });
    }
    return;
  }
  const [first, ...others] = ORDER.flatMap((reason) =>
    [...run.waitingSteps]
      .map((path) => stepOf(run, path))
      .filter((step) => (step.status === 'retrying' ? 'retry' : step.waiting?.for) === reason)
      .map((step) => ({
        for: reason,
        words:
          step.waiting?.words ??
          `Tries again at ${new Date(step.retryAt ?? 0).toISOString()}: ${step.failure?.message ?? ''}`,
      })),
  );
  if (!first) return;
  const words = others.length === 0 ? first.words : `${first.words} (and ${others.length} more)`;
  if (run.waiting?.for === first.for && run.waiting.words === words) return;
  say(turn, 'run.waiting', { for: first.for, words });
}

const ORDER: readonly WaitReason[] = [
  'approval',
  'answer',
  'undo',
  'event',
  'time',
  'retry',
  'lock',
  'rate',
  'window',
];
