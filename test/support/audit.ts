import { join } from 'node:path';
import { verifySqliteLog } from '../../src/adapter/verify-sqlite-log.ts';
import { COMPANY_FOLDS, type Composed } from './compose-kernel.ts';

/** Every fold's digest, and what it is after it was derived again from the first event. */
export async function digestsOf({ log }: Composed): Promise<{
  readonly kept: readonly string[];
  readonly rebuilt: readonly string[];
}> {
  const digests = (): Promise<string[]> =>
    Promise.all(COMPANY_FOLDS.map(({ name }) => log.digest(name)));
  const kept = await digests();
  await log.rebuild();
  return { kept, rebuilt: await digests() };
}

/** Walks the hash chain of a home in a connection of its own. */
export function chainOf(home: string) {
  return verifySqliteLog(join(home, 'steward.db'), []);
}
