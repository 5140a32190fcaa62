import type { Id, Json } from '../../base/index.ts';
import {
  type FailureData,
  failure,
  type Label,
  labelOfAll,
  toFailure,
} from '../../contract/index.ts';
import { asKernelEvent } from '../events.ts';
import { loadRun } from '../run/load-run.ts';
import type { RunState } from '../run/run-state.ts';
import { referencesAt } from './closed-ports.ts';
import { readRecording } from './recording.ts';
import type { ReplayPorts } from './replay-run.ts';
import { stepInput } from './step-input.ts';
import { readAtIn } from './tape.ts';

/** One step with what a line of the run's list leaves out. */
export interface StepLook {
  /** what it was given; absent while it has not begun */
  readonly input?: Json;
  /** why that cannot be worked out again, where it cannot */
  readonly inputFailure?: FailureData;
  /** where the least trusted part of that came from */
  readonly worth?: Label;
  /** it read records as they were once this event had happened */
  readonly readAt?: number;
  readonly tries: readonly Try[];
}

export interface Try {
  readonly attempt: number;
  /** UTC ms; absent for one that was over as soon as it began */
  readonly startedAt?: number;
  /** UTC ms; absent while it runs */
  readonly endedAt?: number;
  readonly failure?: FailureData;
  /** UTC ms of the next one */
  readonly retryAt?: number;
}

/** events by which a step begins, each of them the first of a step of some kind */
const BEGINS: ReadonlySet<string> = new Set([
  'step.started',
  'step.expanded',
  'step.waiting',
  'step.completed',
  'step.failed',
]);

/**
 * What a step was given is worked out again from the log, with records as they were then; an effect's
 * is what was prepared. Executes and appends nothing. Fails with `not_found`.
 */
export async function lookAtStep(ports: ReplayPorts, id: Id, path: string): Promise<StepLook> {
  const recording = await readRecording(ports, id);
  const own = recording?.events.filter(({ data }) => data.step === path) ?? [];
  if (!recording || own.length === 0) {
    throw failure('not_found', `There is no step ${path} in this run yet.`, {
      run: id,
      step: path,
    });
  }
  const tries = triesOf(own.map(asKernelEvent));
  const prepared = recording.effects.get(path)?.at(-1)?.data;
  if (prepared) return { ...worthOf(prepared.input, prepared.inputLabels), tries };
  // what was corrected by hand is what it was given since
  const fixed = own.findLastIndex(({ type }) => type === 'step.fixed');
  const first = own.slice(fixed + 1).find(({ type }) => BEGINS.has(type));
  if (!first) return { tries };
  const lookup = {
    compilePlaybook: ports.playbooks.compiled,
    compileInline: ports.playbooks.compileInline,
  };
  const run = await loadRun(ports.log, ports.blobs, lookup, id, first.seq - 1);
  if (!run) return { tries };
  const readAt = own.map(readAtIn).find((seq) => seq !== undefined);
  const seq = readAt ?? first.seq - 1;
  return {
    ...(await inputAt(ports, run, path, seq)),
    ...(readAt === undefined ? {} : { readAt }),
    tries,
  };
}

/** The step may have failed on this very input; or a payload that it was made of was erased since. */
async function inputAt(
  { log }: ReplayPorts,
  run: RunState,
  path: string,
  seq: number,
): Promise<Pick<StepLook, 'input' | 'worth' | 'inputFailure'>> {
  try {
    const { value, labels } = await stepInput(run, path, seq, referencesAt(log));
    return worthOf(value, labels);
  } catch (error) {
    return { inputFailure: toFailure(error).toData() };
  }
}

function worthOf(input: Json, labels: Parameters<typeof labelOfAll>[0]) {
  return { input, worth: labelOfAll(labels) };
}

function triesOf(events: readonly ReturnType<typeof asKernelEvent>[]): readonly Try[] {
  const tries: Try[] = [];
  const end = (attempt: number, ended: Partial<Try>): void => {
    const last = tries.at(-1);
    if (last?.attempt === attempt && last.endedAt === undefined) {
      tries[tries.length - 1] = { ...last, ...ended };
    } else tries.push({ attempt, ...ended });
  };
  for (const event of events) {
    const { at } = event;
    if (event.type === 'step.started') {
      tries.push({ attempt: event.data.attempt, startedAt: at });
    } else if (event.type === 'step.completed') {
      end(tries.at(-1)?.attempt ?? 1, { endedAt: at });
    } else if (event.type === 'step.failed') {
      const { attempt, failure: problem, retryAt } = event.data;
      end(attempt, {
        endedAt: at,
        failure: problem,
        ...(retryAt === undefined ? {} : { retryAt }),
      });
    }
  }
  return tries;
}
