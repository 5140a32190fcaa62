import { createPublicKey, verify } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBlobFiles } from './adapter/blob-files.ts';
import { createCheckpointFiles } from './adapter/checkpoint-files.ts';
import { connectorWithFailpoints, type Failpoints, withFailpoints } from './adapter/failpoints.ts';
import { checkHome, exposedFiles, HOME, homeSpace, spoolInto } from './adapter/home-directory.ts';
import { acquireHomeLock, type HomeLock } from './adapter/home-lock.ts';
import { createKeyVaultFile } from './adapter/key-vault-file.ts';
import { openLogKey } from './adapter/log-key-file.ts';
import { createMaildirConnector } from './adapter/maildir-connector.ts';
import { openSessionDatabase } from './adapter/session-database.ts';
import { openSqliteStore } from './adapter/sqlite-store.ts';
import { standardWebhooks } from './adapter/standard-webhooks.ts';
import { verifyLogFile } from './adapter/verify-log-file.ts';
import { createRegistry } from './agent/index.ts';
import { type Clock, createIds, type Id, randomHex } from './base/index.ts';
import { createImportDesk, freelancerPack } from './company/freelancer/index.ts';
import type { Egress } from './connect/index.ts';
import { failure, toFailure } from './contract/index.ts';
import {
  controlFold,
  createKernel,
  createRedactingBlobs,
  createRedactingLog,
  createTokens,
  KERNEL_FOLDS,
  type KernelPorts,
  playbooksFold,
  publishPlaybooks,
  secretsFold,
} from './kernel/index.ts';
import { createCheckpointer, createLog, parseCheckpoint, verifyCheckpoint } from './log/index.ts';
import { type HomeSecrets, openSecretDesk } from './open-secret-desk.ts';
import { createPasskeyPorts } from './passkey-ports.ts';
import { createRedactor, redactFailure } from './policy/index.ts';
import { recordsFold, recordVersionsFold } from './records/index.ts';
import { createPasskeyOffers, createSessions, type Services } from './surface/index.ts';

/** A home that this process holds. */
export interface OpenHome {
  readonly services: Services;
  readonly logKey: string;
  /** Publishes what the pack brings, and goes on with what was under way. */
  readonly resume: () => Promise<void>;
  /** Fulfilled when nothing in this process moves any more. */
  readonly quiet: () => Promise<void>;
  readonly close: (options?: { readonly checkpoint?: boolean }) => Promise<void>;
}

export interface HomeOptions {
  readonly home: string;
  readonly clock: Clock;
  readonly version: string;
  /** true when time is not the machine's own: refused where something could leave the house */
  readonly isTestClock: boolean;
  /** creates the store for a new company of this id */
  readonly company?: Id;
  /** how long to wait for another process that holds the home */
  readonly patienceMs: number;
  /** where it is served, the address for others first */
  readonly origins: () => readonly string[];
  readonly report: KernelPorts['report'];
  /** the disk refused to store: the process must stop */
  readonly onFatal: (reason: Error) => void;
  readonly failpoints?: Failpoints;
}

const LOG_KEY_NAME = 'steward-log';
const LOCK_TRY_MS = 50;
/** a run that was submitted must have moved before a command ends */
const QUIET_TRY_MS = 5;

/** Takes the lock, opens every part of a home and puts the kernel on top. Fails as the parts do. */
export async function openHome(options: HomeOptions): Promise<OpenHome> {
  const { home, clock, version, failpoints } = options;
  if (options.company === undefined) await checkHome(home);
  const lock = await waitForLock(home, options.patienceMs);
  const opened: (() => void)[] = [lock.release];
  const closeOpened = (): void => {
    for (const close of opened.splice(0).reverse()) close();
  };
  const secrets = openSecretDesk(join(home, HOME.keys), clock);
  const redactor = createRedactor(secrets.values);
  const report: KernelPorts['report'] = (problem, where) =>
    options.report(redactFailure(redactor, problem), where);
  // read beside all the rest, and known before anything is written: with secrets that nobody can
  // read, nobody could keep them out of what is written either
  const secretsKnown = secrets.load();
  secretsKnown.catch(() => undefined); // thrown where it is awaited
  try {
    const store = openSqliteStore({
      file: join(home, HOME.database),
      ...(options.company === undefined ? {} : { company: options.company }),
    });
    opened.push(store.close);
    const vault = createKeyVaultFile(join(home, HOME.keys));
    opened.push(vault.close);
    const newId = createIds(clock.now);
    const plainLog = createLog({
      ...{ store, vault, clock, newId, engine: version, onFatal: options.onFatal },
      folds: [recordsFold, recordVersionsFold, playbooksFold, ...KERNEL_FOLDS],
      onListenerError: (error) => report(toFailure(error), {}),
    });
    const log = createRedactingLog(
      failpoints ? withFailpoints(plainLog, failpoints) : plainLog,
      redactor,
    );
    const control = await log.fold(controlFold).get('control');
    if (options.isTestClock && control !== undefined && control.mode !== 'sandbox') {
      throw failure('clock_refused', 'A test clock works in sandbox homes only.');
    }
    const logKey = await openLogKey(join(home, HOME.keys, 'log.key'), control?.logKey ?? undefined);
    const blobs = createRedactingBlobs(createBlobFiles(join(home, HOME.blobs)), redactor);
    const connectors = [createMaildirConnector(home), ...freelancerPack.connectors];
    const registry = createRegistry(
      freelancerPack.agents,
      failpoints ? connectors.map((one) => connectorWithFailpoints(one, failpoints)) : connectors,
    );
    const { passkeys, verify } = createPasskeyPorts(options.origins);
    const ports: KernelPorts = {
      ...{ log, blobs, clock, newId, registry, redactor, report },
      hooks: { scheme: standardWebhooks, secretOf: secrets.own },
      egress: (hosts) => openEgress(hosts, secrets.inject),
      worker: `${process.pid}-${randomHex(4)}`,
      random: randomHex,
      verify,
      stopped: () => existsSync(join(home, HOME.stop)),
      erasure: {
        destroyKey: vault.destroy,
        shred: async (seqs) => {
          for (const seq of seqs) store.shred(seq);
        },
        eraseBlob: blobs.erase,
      },
    };
    let desk: ReturnType<typeof createImportDesk> | undefined;
    await secretsKnown;
    const signedOf = async (name: string) =>
      (await log.fold(secretsFold).get(name))?.commitment ?? null;
    await secrets.repair(signedOf).catch((error: unknown) => report(toFailure(error), {}));
    const kernel = await createKernel({
      ...ports,
      onAnswer: async (item, answer) => desk?.answered(item, answer),
    });
    const imports = createImportDesk({ kernel, log, blobs, newId });
    desk = imports;
    const sessionStore = openSessionDatabase(join(home, HOME.sessions));
    opened.push(sessionStore.close);
    const notes = createCheckpointFiles(join(home, HOME.checkpoints));
    const signer = {
      name: LOG_KEY_NAME,
      publicKey: Buffer.from(logKey.publicKey, 'base64url'),
      sign: logKey.sign,
    };
    const latest = await notes.latest();
    const checkpointer = createCheckpointer({
      ...{ log, signer, clock, write: notes.write },
      ...(latest === undefined ? {} : { latestSeq: seqOf(latest) }),
      onError: (error) => report(toFailure(error), {}),
    });

    const services: Services = {
      ...{ home, version, kernel, log, blobs, registry, clock, newId, imports, redactor, secrets },
      random: randomHex,
      sessions: createSessions(sessionStore, clock),
      tokens: createTokens({ log, clock }),
      checkpoints: {
        verify: (heads) => verifyLogFile(join(home, HOME.database), { checkpoints: heads }),
        latest: notes.latest,
        isOurs: (note) => isSignedBy(note, signer.publicKey),
      },
      inspect: async () => ({
        node: process.versions.node,
        sqlite: String(store.database.prepare('SELECT sqlite_version() AS v').get()?.v),
        exposed: await exposedFiles(home),
        ...(await homeSpace(home)),
      }),
      spool: (bytes) => spoolInto(home, bytes),
      passkeys,
      passkeyOffers: createPasskeyOffers(clock),
      origins: options.origins,
    };

    return {
      services,
      logKey: logKey.publicKey,
      resume: async () => {
        await publishPlaybooks(log, freelancerPack.playbooks, 'Came with this version.');
        await kernel.playbooks.refresh();
        await kernel.recover();
      },
      quiet: async () => {
        while (kernel.runner.busy() > 0) await sleep(QUIET_TRY_MS);
      },
      close: async ({ checkpoint = false } = {}) => {
        try {
          await kernel.close();
          if (checkpoint) await checkpointer.stop();
          await log.close();
        } finally {
          closeOpened();
        }
      },
    };
  } catch (error) {
    closeOpened();
    throw error;
  }
}

/** of one request of a connector: the largest attachment a provider hands over, in the usual time */
const EGRESS_LIMITS = { maxBytes: 32 * 1024 * 1024, timeoutMs: 30_000 };

/** The guarded way out for some hosts; loaded when something goes out. */
function openEgress(hosts: readonly string[], inject: HomeSecrets['inject']): Egress {
  return {
    fetch: async (request) => {
      const { createEgress } = await import('./adapter/egress.ts');
      return createEgress({ hosts, inject, ...EGRESS_LIMITS }).fetch(request);
    },
  };
}

async function waitForLock(home: string, patienceMs: number): Promise<HomeLock> {
  for (let waited = 0; ; waited += LOCK_TRY_MS) {
    try {
      return acquireHomeLock(home);
    } catch (error) {
      if (toFailure(error).code !== 'home_busy' || waited >= patienceMs) throw error;
      await sleep(LOCK_TRY_MS);
    }
  }
}

function isSignedBy(note: string, publicKey: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verifyCheckpoint(note, {
    name: LOG_KEY_NAME,
    publicKey,
    verify: (bytes, signature) => verify(null, bytes, key, signature),
  });
}

function seqOf(note: string): number {
  return parseCheckpoint(note).checkpoint.seq;
}
