import type { AgentContext } from '../../agent/index.ts';
import { dayIn, type Id, type Json } from '../../base/index.ts';
import { type Failure, failure, type Labelled } from '../../contract/index.ts';
import type { Log } from '../../log/index.ts';
import { type RecordState, recordAt, recordVersionsFold } from '../../records/index.ts';
import { labelledField } from '../labelled-field.ts';

/** What somebody gets who wants something of the world while the past is replayed. */
export function replayMiss(what: string): Failure {
  return failure(
    'replay_miss',
    `Replaying, it asked for ${what}; only what was recorded is there.`,
    { what },
    'The capability depends on more than its input. Make it a read, or give it what it needs.',
  );
}

/** The context of a capability that says it needs nothing: everything else is closed. */
export function closedContext(
  nowMs: number,
  zone: string,
): Omit<AgentContext, 'signal' | 'labels' | 'run' | 'step'> {
  const closed = (what: string) => (): never => {
    throw replayMiss(what);
  };
  return {
    records: {
      find: closed('a record'),
      list: closed('a list of records'),
      company: closed('the company'),
    },
    now: nowMs,
    today: dayIn(zone, nowMs),
    newId: closed('a new id'),
  };
}

/** Fields of records as they were once event `seq` had happened, for `{"$ref"}`. */
export function referencesAt(log: Pick<Log, 'fold'>) {
  const versions = log.fold(recordVersionsFold);
  return async (seq: number, type: string, id: Id, path: string): Promise<Labelled<Json>> => {
    const state: RecordState | undefined = await recordAt(versions, type, id, seq);
    if (state) return labelledField(state, path);
    throw failure('not_found', `There is no ${type} with the id ${id}.`, { type, id });
  };
}
