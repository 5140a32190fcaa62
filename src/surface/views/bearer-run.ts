import type { Id } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { type Bearer, requireScope, runsFold } from '../../kernel/index.ts';
import type { Services } from '../operations/operation.ts';

/** How far a run is, and nothing of what it works on: records have scopes of their own. */
export async function bearerRunView({ log }: Services, id: Id) {
  const row = await log.fold(runsFold).get(id);
  return {
    run: id,
    playbook: row?.playbook ?? null,
    status: row?.status ?? 'planned',
    waitingFor: row?.waitingFor ?? null,
    startedAt: row?.startedAt ?? null,
    endedAt: row?.endedAt ?? null,
  };
}

/** Fails with `not_authorised` for a run that the token neither asked for nor was made for. */
export async function requireOwnRun(bearer: Bearer, run: Id, { log }: Services): Promise<void> {
  requireScope(bearer, { run });
  if (bearer.scope.run === run) return;
  const [first] = await log.readStream(`run/${run}`, { limit: 1 });
  if (first?.by === `${bearer.holder}:${bearer.token}`) return;
  throw failure(
    'not_authorised',
    `The token "${bearer.name}" did not ask for this run.`,
    { token: bearer.token, run },
    'The operator can make one for this run: steward tokens create --run',
  );
}
