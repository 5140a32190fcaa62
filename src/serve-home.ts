import { fileURLToPath } from 'node:url';
import { readConfig } from './adapter/home-directory.ts';
import { serveHttp } from './adapter/http-server.ts';
import { serveLocal } from './adapter/local-socket.ts';
import { createMemoryRest } from './adapter/memory-rest.ts';
import { listWebAssets } from './adapter/web-assets.ts';
import { toFailure } from './contract/index.ts';
import { startExample } from './found-home.ts';
import { type HomeOptions, openHome } from './open-home.ts';
import { createApp } from './surface/index.ts';

export interface ServeHomeOptions extends Omit<HomeOptions, 'origins' | 'patienceMs'> {
  /** 0 for any free one; what `config.yaml` says, or 4747, when absent */
  readonly port?: number;
  /** another address that this home is reached at, such as https://steward.example */
  readonly publicUrl?: string;
}

export interface ServedHome {
  readonly url: string;
  readonly signIn: string;
  readonly close: () => Promise<void>;
}

/** where a home is served that names no other port */
export const PORT = 4747;
/** the built page */
export const WEB = fileURLToPath(new URL('../web/dist', import.meta.url));
/** a server that is being replaced may take so long to let go */
const PATIENCE_MS = 3_000;

/** Opens a home and serves it on the network's door and on this machine's. Fails as the parts do. */
export async function serveHome(options: ServeHomeOptions): Promise<ServedHome> {
  const { home, report } = options;
  const config = await readConfig(home);
  const publicUrl = options.publicUrl ?? config.publicUrl;
  const outside = publicUrl === undefined ? undefined : new URL(publicUrl).origin;
  let url: string | undefined;
  const origins = () => [outside, url].filter((origin) => origin !== undefined);
  const opened = await openHome({ ...options, patienceMs: PATIENCE_MS, origins });
  const closers: (() => Promise<void>)[] = [() => opened.close({ checkpoint: true })];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const { fetch } = createApp({
      services: opened.services,
      assets: listWebAssets(WEB),
      origins,
      report: (error) => report(toFailure(error), {}),
    });
    await opened.resume();
    await startExample(opened);
    const memory = createMemoryRest();
    closers.push(async () => memory.close());
    opened.services.log.onDurable(memory.stir);
    const port = options.port ?? config.port ?? PORT;
    const answer: typeof fetch = (request, from) => {
      memory.stir();
      return fetch(request, from);
    };
    const http = await serveHttp(
      (request, address) => answer(request, { door: 'http', address }),
      port,
    );
    closers.push(http.close);
    url = `http://localhost:${http.port}`;
    closers.push(await serveLocal(home, (request) => answer(request, { door: 'local' })));
    memory.stir(); // a start leaves the most behind
    const code = opened.services.sessions.newCode('link');
    return { url, signIn: `${outside ?? url}/sign-in#${code}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}
