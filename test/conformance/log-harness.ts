import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore } from '../../src/adapter/memory-store.ts';
import { openSqliteStore } from '../../src/adapter/sqlite-store.ts';
import { createLog, type Log, type LogPorts, type Store } from '../../src/log/index.ts';
import {
  COMPANY,
  countFold,
  createCountedIds,
  createHandClock,
  createMemoryVault,
  entryFold,
  type HandClock,
  poisonFold,
} from './log-fixtures.ts';

export const STORES = ['sqlite', 'memory'] as const;
export type StoreKind = (typeof STORES)[number];

export interface OpenLog {
  readonly log: Log;
  readonly store: Store;
  readonly clock: HandClock;
  readonly vault: LogPorts['vault'];
}

/** One log that can be closed and opened again, whatever store it lies in. */
export interface LogHarness {
  readonly open: (ports?: Partial<LogPorts>) => OpenLog;
  readonly dispose: () => void;
}

export function createLogHarness(kind: StoreKind): LogHarness {
  const clock = createHandClock();
  const vault = createMemoryVault();
  const newId = createCountedIds();
  const place = kind === 'sqlite' ? sqlitePlace() : memoryPlace();
  return {
    open: (ports = {}) => {
      const store = place.open();
      const folds = [countFold, entryFold, poisonFold];
      const log = createLog({ store, vault, clock, newId, folds, engine: '0.1.0', ...ports });
      return { log, store, clock, vault: ports.vault ?? vault };
    },
    dispose: place.dispose,
  };
}

interface Place {
  readonly open: () => Store;
  readonly dispose: () => void;
}

function sqlitePlace(): Place {
  const directory = mkdtempSync(join(tmpdir(), 'steward-log-'));
  const opened: Store[] = [];
  return {
    open: () => {
      const store = openSqliteStore({ file: join(directory, 'steward.db'), company: COMPANY });
      opened.push(store);
      return store;
    },
    dispose: () => {
      for (const store of opened) store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Memory outlives `close` here, as a file does. */
function memoryPlace(): Place {
  const store: Store = { ...createMemoryStore(COMPANY), close: () => undefined };
  return { open: () => store, dispose: () => undefined };
}
