import { openSqliteStore } from '../../src/adapter/sqlite-store.ts';
import { createIds } from '../../src/base/index.ts';
import { createLog, type Log, type LogPorts, type Store } from '../../src/log/index.ts';
import { COMPANY, countFold, createMemoryVault, entryFold } from './log-fixtures.ts';

/** A log in a file as the product opens it, for child processes and faults. */
export function openFileLog(
  file: string,
  options: { readonly maxPages?: number; readonly ports?: Partial<LogPorts> } = {},
): { readonly log: Log; readonly store: Store } {
  const { maxPages, ports } = options;
  const store = openSqliteStore({ file, company: COMPANY, ...(maxPages ? { maxPages } : {}) });
  const clock = { now: () => Date.now() };
  const log = createLog({
    ...{ store, clock, newId: createIds(clock.now), vault: createMemoryVault() },
    ...{ folds: [countFold, entryFold], engine: '0.1.0', ...ports },
  });
  return { log, store };
}
