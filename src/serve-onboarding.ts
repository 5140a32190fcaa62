import { randomBytes } from 'node:crypto';
import { serveHttp } from './adapter/http-server.ts';
import { listWebAssets } from './adapter/web-assets.ts';
import { type Clock, type JsonObject, toTimestamp } from './base/index.ts';
import { type Device, type Failure, toFailure } from './contract/index.ts';
import { enrolDevice } from './kernel/index.ts';
import { openHome } from './open-home.ts';
import { PORT, WEB } from './serve-home.ts';
import {
  type BrowserKey,
  type CliPorts,
  createOnboardingApp,
  type Founded,
} from './surface/index.ts';

export interface ServeOnboardingOptions {
  /** where the company will live */
  readonly home: string;
  readonly clock: Clock;
  readonly version: string;
  /** 0 for any free one; 4747 when absent */
  readonly port?: number;
  /** another address that this machine is reached at */
  readonly publicUrl?: string;
  /** what `steward init` founds with: this machine's key becomes the first device here too */
  readonly cli: Pick<CliPorts, 'found' | 'deviceKey'>;
  readonly report: (problem: Failure) => void;
  /** the disk refused to store: the process must stop */
  readonly onFatal: (reason: Error) => void;
}

export interface ServedOnboarding {
  readonly url: string;
  readonly port: number;
  /** opens the form; works until a company was made with it */
  readonly signIn: string;
  /** Fulfilled when there is a company: close this, then serve the home on the same port. */
  readonly founded: Promise<void>;
  readonly close: () => Promise<void>;
}

/** 160 bits, as in every sign-in link */
const CODE_BYTES = 20;
/** a command may look at the new home at this very moment */
const PATIENCE_MS = 3_000;

/** Serves the page of a home that holds no company yet, so that one can be made in it. */
export async function serveOnboarding(options: ServeOnboardingOptions): Promise<ServedOnboarding> {
  const { home, clock, cli, report } = options;
  const outside = options.publicUrl === undefined ? undefined : new URL(options.publicUrl).origin;
  const code = randomBytes(CODE_BYTES).toString('base64url');
  const { promise: founded, resolve: tellFounded } = Promise.withResolvers<void>();
  let url: string | undefined;

  const found = async (company: JsonObject, browser: BrowserKey | undefined): Promise<Founded> => {
    const { recovery } = await cli.found(company, await cli.deviceKey.loadOrCreate());
    // From here on the company exists: its recovery key is shown whatever else goes wrong.
    const session = await signInBrowser(options, browser, outside ?? url ?? '').catch((error) => {
      report(toFailure(error));
      return undefined;
    });
    tellFounded();
    return { home, recoveryKey: recovery, session };
  };

  const app = createOnboardingApp({
    ...{ clock, code, found },
    assets: listWebAssets(WEB),
    origins: () => [outside, url].filter((origin) => origin !== undefined),
    report: (error) => report(toFailure(error)),
  });
  const http = await serveHttp(app.fetch, options.port ?? PORT);
  url = `http://localhost:${http.port}`;
  const signIn = `${outside ?? url}/onboarding#${code}`;
  return { url, port: http.port, signIn, founded, close: http.close };
}

/** The browser that founded becomes a device, and stays signed in when the home itself is served. */
async function signInBrowser(
  { home, clock, version, report, onFatal }: ServeOnboardingOptions,
  browser: BrowserKey | undefined,
  origin: string,
): Promise<Founded['session']> {
  const opened = await openHome({
    ...{ home, clock, version, report, onFatal, isTestClock: false, patienceMs: PATIENCE_MS },
    origins: () => [],
  });
  try {
    const { log, newId, sessions } = opened.services;
    const device: Device | undefined = browser && {
      id: newId(),
      name: browser.name,
      kind: 'browser',
      publicKey: browser.publicKey,
      assurance: 'unattended',
      enrolledAt: toTimestamp(clock.now()),
    };
    if (device) await enrolDevice(log, device, `operator:${device.id}`);
    return {
      company: log.company,
      device: device?.id ?? null,
      token: sessions.start(device?.id ?? null).token,
      lifetimeMs: sessions.lifetimeMs,
      signIn: `${origin}/sign-in#${sessions.newCode('link')}`,
    };
  } finally {
    await opened.close();
  }
}
