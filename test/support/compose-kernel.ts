import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBlobFiles } from '../../src/adapter/blob-files.ts';
import { createKeyVaultFile } from '../../src/adapter/key-vault-file.ts';
import { createMemoryStore } from '../../src/adapter/memory-store.ts';
import { openSqliteStore } from '../../src/adapter/sqlite-store.ts';
import { type Agent, createRegistry, type Registry } from '../../src/agent/index.ts';
import {
  type Clock,
  createIds,
  type JsonObject,
  type NewId,
  randomHex,
} from '../../src/base/index.ts';
import type { Connector } from '../../src/connect/index.ts';
import type { Failure } from '../../src/contract/index.ts';
import {
  createKernel,
  foundCompany,
  KERNEL_FOLDS,
  type Kernel,
  type KernelOptions,
  playbooksFold,
  publishPlaybooks,
} from '../../src/kernel/index.ts';
import { type Blobs, createLog, type KeyVault, type Log, type Store } from '../../src/log/index.ts';
import { recordsFold, recordVersionsFold } from '../../src/records/index.ts';
import { type Operator, obtainOperator } from './operator.ts';

/** set by the suite that runs all tests of the kernel without memory */
const EVICT_ALWAYS = process.env.STEWARD_EVICT === 'always';

/** Folds of a whole company, as the product keeps them. */
export const COMPANY_FOLDS = [
  recordsFold,
  recordVersionsFold,
  ...KERNEL_FOLDS,
  playbooksFold,
] as const;

export interface ComposeOptions {
  /** an existing directory; what a process before this one left in it is gone on with */
  readonly home: string;
  /** `memory` keeps nothing in the home but blobs; a store that is handed in is used as it is */
  readonly store?: 'sqlite' | 'memory' | Store;
  readonly clock?: Clock;
  readonly agents?: readonly Agent[];
  readonly connectors?: readonly Connector[];
  readonly playbooks?: readonly JsonObject[];
  readonly mode?: 'sandbox' | 'live';
  /** fields of the company record that differ from the plain one */
  readonly company?: JsonObject;
  readonly evictAlways?: boolean;
  readonly worker?: string;
  /** upper bound on the database, in pages of 4 KiB */
  readonly maxPages?: number;
  readonly wrapLog?: (log: Log) => Log;
  readonly wrapBlobs?: (blobs: Blobs) => Blobs;
  readonly stopped?: () => boolean;
  readonly redactor?: NonNullable<KernelOptions['redactor']>;
  /** how connectors reach their hosts */
  readonly egress?: NonNullable<KernelOptions['egress']>;
  /** what checks deliveries to hooks */
  readonly hooks?: NonNullable<KernelOptions['hooks']>;
  /** public half of the recovery key */
  readonly recovery?: string;
  /** checks a passkey's signature; without it there are no passkeys */
  readonly verify?: KernelOptions['verify'];
  /** false: what a test opens is not recovered yet */
  readonly recover?: boolean;
}

export interface Composed {
  readonly home: string;
  readonly kernel: Kernel;
  readonly log: Log;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly registry: Registry;
  readonly operator: Operator;
  /** defects that the kernel reported; a test that ends well has none */
  readonly problems: Failure[];
  /** Stops as a crash would for everything in memory: nothing is told, nothing is awaited. */
  readonly abandon: () => void;
  readonly close: () => Promise<void>;
}

const COMPANY: JsonObject = {
  name: 'Testbetrieb',
  owner: 'Test Person',
  street: 'Gasse 1',
  postalCode: '10115',
  city: 'Berlin',
  country: 'DE',
  email: 'owner@test.example',
  currency: 'EUR',
  zone: 'Europe/Berlin',
  language: 'de',
  taxId: '34/412/01234',
  vatId: 'DE136695976',
  smallBusiness: false,
  iban: 'DE89370400440532013000',
  invoiceSeries: '{year}-{number:4}',
};

/** A whole kernel over a home: founded when it is new, recovered when it is not. */
export async function composeKernel(options: ComposeOptions): Promise<Composed> {
  const { home, agents = [], connectors = [], playbooks = [] } = options;
  const clock = options.clock ?? { now: Date.now };
  const newId = createIds(clock.now);
  const store = openStore(options);
  const vault = typeof options.store === 'string' || !options.store ? openVault(options) : memory();
  const plain = createLog({ store, vault, clock, newId, folds: COMPANY_FOLDS, engine: '0.1.0' });
  const log = options.wrapLog?.(plain) ?? plain;
  const fileBlobs = createBlobFiles(join(home, 'blobs'));
  const blobs = options.wrapBlobs?.(fileBlobs) ?? fileBlobs;
  const registry = createRegistry(agents, connectors);
  const operator = await obtainOperator(home);
  if (log.head().seq === 0) {
    await foundCompany(
      { log, clock, newId },
      {
        company: { ...COMPANY, ...options.company },
        mode: options.mode ?? 'sandbox',
        logKey: 'none',
        ...(options.recovery === undefined ? {} : { recovery: options.recovery }),
        device: operator.device,
      },
    );
  }
  await publishPlaybooks(log, playbooks, 'test');
  const problems: Failure[] = [];
  const kernel = await createKernel({
    log,
    blobs,
    clock,
    newId,
    registry,
    worker: options.worker ?? `worker-${randomBytes(4).toString('hex')}`,
    random: randomHex,
    verify: options.verify ?? (() => Promise.reject(new Error('no passkeys here'))),
    stopped: options.stopped ?? (() => false),
    report: (problem) => problems.push(problem),
    evictAlways: options.evictAlways ?? EVICT_ALWAYS,
    erasure: {
      destroyKey: vault.destroy,
      shred: async (seqs) => {
        for (const seq of seqs) store.shred(seq);
      },
      eraseBlob: fileBlobs.erase,
    },
    ...(options.redactor ? { redactor: options.redactor } : {}),
    ...(options.egress ? { egress: options.egress } : {}),
    ...(options.hooks ? { hooks: options.hooks } : {}),
  });
  if (options.recover ?? true) await kernel.recover();
  return {
    ...{ home, kernel, log, store, blobs, clock, newId, registry, operator, problems },
    abandon: () => {
      void kernel.close();
      store.close();
    },
    close: async () => {
      await kernel.close();
      await log.close();
    },
  };
}

/** A new empty home that is gone afterwards. */
export async function withHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'steward-home-'));
  try {
    return await work(home);
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

function openStore({ home, store = 'sqlite', maxPages }: ComposeOptions): Store {
  if (typeof store !== 'string') return store;
  const company = obtainCompany(home);
  if (store === 'memory') return createMemoryStore(company);
  const file = join(home, 'steward.db');
  return openSqliteStore({ file, company, ...(maxPages === undefined ? {} : { maxPages }) });
}

/** The id must be the same in every process, also when the first one died before it appended. */
function obtainCompany(home: string): string {
  const file = join(home, 'company.id');
  if (!existsSync(file)) writeFileSync(file, createIds(Date.now)());
  return readFileSync(file, 'utf8');
}

function openVault({ home, store = 'sqlite' }: ComposeOptions): KeyVault {
  if (store === 'memory') return memory();
  const keys = join(home, 'keys');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  return createKeyVaultFile(keys);
}

function memory(): KeyVault {
  const keys = new Map<string, Uint8Array>();
  return {
    obtain: (subject) => {
      const key = keys.get(subject) ?? Uint8Array.from(randomBytes(32));
      keys.set(subject, key);
      return key;
    },
    find: (subject) => keys.get(subject),
    destroy: (subject) => keys.delete(subject),
  };
}
