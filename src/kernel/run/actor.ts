import type { Id, Json } from '../../base/index.ts';
import type { Failure, Labelled } from '../../contract/index.ts';
import type { CommitResult } from '../effects/commit.ts';
import type { EffectRow } from '../folds.ts';
import type { StepOutcome } from './execute.ts';
import type { LazyAbort } from './lazy-abort.ts';
import type { RunState } from './run-state.ts';

/** What one run is busy with in this process. All but `state` outlives the memory of the run. */
export interface Actor {
  readonly id: Id;
  /** thrown away at any time; then it is folded again */
  state: RunState | undefined;
  /** the run has ended, for good; only a receipt that is still to come is taken in */
  isOver: boolean;
  /** calls and commits under way, by step */
  readonly calls: Map<string, { readonly attempt: number; readonly abort: LazyAbort }>;
  /** what calls brought and no turn has taken yet */
  outcomes: StepOutcome[];
  /** results that were there at once and are not in the log yet */
  readonly immediate: Set<string>;
  readonly commits: {
    readonly step: string;
    readonly row: EffectRow;
    readonly result: CommitResult;
  }[];
  /** records that templates asked for: being looked up, or there */
  readonly lookups: Map<string, Labelled<Json> | Failure | 'pending'>;
  /** the log's head as of which a step reads records, for those that do */
  readonly readAt: Map<string, number>;
  /** turns and answers, one after another */
  queue: Promise<void>;
  /** turns and answers that wait for their place in `queue` */
  queued: number;
  scheduled: boolean;
  claimed: boolean;
  /** those who wait for it to come to rest */
  readonly resting: (() => void)[];
}

export function createActor(id: Id): Actor {
  return {
    id,
    state: undefined,
    isOver: false,
    calls: new Map(),
    outcomes: [],
    immediate: new Set(),
    commits: [],
    lookups: new Map(),
    readAt: new Map(),
    queue: Promise.resolve(),
    queued: 0,
    scheduled: false,
    claimed: false,
    resting: [],
  };
}

/** Nothing about it would be lost if it were forgotten. */
export function isIdle(actor: Actor): boolean {
  const { scheduled, queued, calls, resting, outcomes, commits } = actor;
  const open = queued + calls.size + resting.length + outcomes.length + commits.length;
  return !scheduled && open === 0;
}
