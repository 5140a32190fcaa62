import { join } from 'node:path';
import { serveHttp } from '../../src/adapter/http-server.ts';
import { openSessionDatabase } from '../../src/adapter/session-database.ts';
import { listWebAssets } from '../../src/adapter/web-assets.ts';
import { randomHex } from '../../src/base/index.ts';
import { createImportDesk } from '../../src/company/freelancer/index.ts';
import { createTokens } from '../../src/kernel/index.ts';
import { createPasskeyPorts } from '../../src/passkey-ports.ts';
import { createRedactor } from '../../src/policy/index.ts';
import {
  type App,
  createApp,
  createPasskeyOffers,
  createSessions,
  type Services,
} from '../../src/surface/index.ts';
import type { Composed, ComposeOptions } from './compose-kernel.ts';

export interface ServedWorld<World extends Composed> {
  readonly world: World;
  readonly app: App;
  readonly services: Services;
  readonly url: string;
  /** Answers at one more address, as `STEWARD_PUBLIC_URL` would have it. */
  readonly answerAt: (origin: string) => void;
  readonly close: () => Promise<void>;
}

/** The real doors, page included, over a kernel that a test composed: capabilities of its own. */
export async function serveComposed<World extends Composed>(
  open: (verify: NonNullable<ComposeOptions['verify']>) => Promise<World>,
  assets = '',
): Promise<ServedWorld<World>> {
  const known: string[] = [];
  const origins = () => known;
  const { passkeys, verify } = createPasskeyPorts(origins);
  const world = await open(verify);
  const { kernel, log, blobs, clock, newId, registry, home } = world;
  const store = openSessionDatabase(join(home, 'sessions.db'));
  const services: Services = {
    ...{ home, version: 'test', kernel, log, blobs, registry, clock, newId, origins, passkeys },
    random: randomHex,
    redactor: createRedactor(() => []),
    sessions: createSessions(store, clock),
    tokens: createTokens({ log, clock }),
    passkeyOffers: createPasskeyOffers(clock),
    imports: createImportDesk({ kernel, log, blobs, newId }),
    checkpoints: { verify: absent, latest: async () => undefined, isOurs: () => false },
    inspect: absent,
    secrets: { stage: absent, drop: absent, settle: absent, list: async () => [] },
    spool: absent,
  };
  const app = createApp({
    ...{ services, origins, assets: listWebAssets(assets) },
    report: (error) => {
      throw error;
    },
  });
  const http = await serveHttp((request) => app.fetch(request, { door: 'http' }), 0);
  const url = `http://localhost:${http.port}`;
  known.push(url);
  const close = async (): Promise<void> => {
    await http.close();
    store.close();
    await world.close();
  };
  const answerAt = (origin: string): void => {
    known.push(origin);
  };
  return { world, app, services, url, answerAt, close };
}

/** What the kernel asks of its surroundings beyond what a composed world keeps for a test. */
const _REST = {
  worker: 'test',
  random: randomHex,
  stopped: () => false,
  report: () => undefined,
};

function absent(): never {
  throw new Error('not part of what these tests serve');
}
