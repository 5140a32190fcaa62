import { z } from 'zod';
import { type Clock, type JsonObject, sha256 } from '../../base/index.ts';
import { failure, toFailure } from '../../contract/index.ts';
import { COUNTRIES } from '../../records/index.ts';
import { ASKED, companyFields } from '../cli/init.ts';
import { isEd25519Key } from '../operations/inputs.ts';
import { type Assets, serveAsset } from './assets.ts';
import { cookieHeader } from './caller.ts';
import { guardRequest, type Origins } from './guard.ts';
import { problemResponse } from './problem.ts';
import { readJson } from './read-input.ts';
import { secured } from './security-headers.ts';

/** What is served while there is no company: the page, and one request that makes one. */
export interface OnboardingApp {
  readonly fetch: (request: Request) => Promise<Response>;
}

/** The key of the browser that founds, as it offers it. */
export type BrowserKey = z.infer<typeof browserSchema>;

export interface Founded {
  readonly home: string;
  /** printed once, here */
  readonly recoveryKey: string;
  /** undefined when the company is there but this browser could not be signed in */
  readonly session:
    | {
        readonly company: string;
        /** id of the browser's key; null when it offered none */
        readonly device: string | null;
        readonly token: string;
        readonly lifetimeMs: number;
        /** a link that works once, should the session be lost */
        readonly signIn: string;
      }
    | undefined;
}

export interface OnboardingOptions {
  readonly assets: Assets;
  readonly origins: Origins;
  readonly clock: Clock;
  /** of the printed link; it proves the operator and works until a company was made with it */
  readonly code: string;
  /** Makes the company. Fails as `init` does; then nothing was made. */
  readonly found: (company: JsonObject, browser: BrowserKey | undefined) => Promise<Founded>;
  /** told of defects: their words stay in the house */
  readonly report: (error: unknown) => void;
}

const BODY_BYTES = 16 * 1024;
/** wrong codes per window before everybody waits, as at sign-in */
const WRONG_CODES = 10;
const WINDOW_MS = 60_000;

const browserSchema = z.strictObject({
  name: z.string().trim().min(1).max(100),
  kind: z.literal('browser'),
  publicKey: z.string().refine(isEd25519Key, 'a raw Ed25519 key as base64url'),
});

const inputSchema = z.strictObject({
  code: z.string().min(1).max(200),
  // no picture here: `init` reads it from a file of this machine
  company: z.partialRecord(z.enum(ASKED), z.union([z.string().max(1_000), z.boolean()])),
  device: browserSchema.optional(),
});

export function createOnboardingApp(options: OnboardingOptions): OnboardingApp {
  const { assets, origins, report } = options;
  const checkCode = createCodeCheck(options.code, options.clock);
  let status: 'open' | 'founding' | 'founded' = 'open';

  async function found(request: Request): Promise<Response> {
    const { code, company, device } = inputSchema.parse(await readJson(request, BODY_BYTES));
    checkCode(code);
    const fields = fieldsOfForm(company);
    if (status !== 'open') throw madeAlready();
    status = 'founding';
    try {
      const founded = await options.found(fields, device);
      status = 'founded';
      return answerOf(founded, origins());
    } catch (error) {
      status = 'open';
      throw error;
    }
  }

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const asked = `${request.method} ${pathname}`;
    if (asked === 'POST /api/onboarding') return found(request);
    if (asked === 'GET /healthz') return Response.json({ status: 'ok', seq: 0 });
    if (asked === 'GET /api/session') {
      return Response.json({ signedIn: false, onboarding: true, countries: [...COUNTRIES] });
    }
    const isPage = request.method === 'GET' && !pathname.startsWith('/api/');
    const asset = isPage ? await serveAsset(assets, pathname) : undefined;
    if (asset) return asset;
    throw isPage
      ? failure('not_found', `There is nothing at ${pathname}.`, { path: pathname })
      : noCompanyYet();
  }

  return {
    fetch: async (request) => {
      try {
        guardRequest(request, origins);
        return secured(await answer(request));
      } catch (error) {
        const isDefect = !(error instanceof z.ZodError) && toFailure(error).code === 'internal';
        if (isDefect) report(error);
        return secured(problemResponse(error));
      }
    },
  };
}

/** Fails with `not_signed_in` for another code, `rate_limited` for too many of them. */
function createCodeCheck(code: string, clock: Clock): (given: string) => void {
  const expected = sha256(code);
  let wrong: number[] = [];
  return (given) => {
    const now = clock.now();
    wrong = wrong.filter((at) => now - at < WINDOW_MS);
    const [oldest] = wrong;
    if (oldest !== undefined && wrong.length >= WRONG_CODES) {
      const retryAfterMs = Math.max(1_000, oldest + WINDOW_MS - now);
      throw failure('rate_limited', 'Too many wrong codes. Wait a minute.', { retryAfterMs });
    }
    // hashes are compared: how long that takes tells nothing about the code
    if (sha256(given) === expected) return;
    wrong.push(now);
    throw failure(
      'not_signed_in',
      'This is not the link that Steward printed when it started.',
      {},
      'Open the link from the last line that Steward printed.',
    );
  };
}

/** As `init` reads them, with a way out that fits a form. */
function fieldsOfForm(company: JsonObject): JsonObject {
  try {
    return companyFields(company);
  } catch (error) {
    const { code, message, facts } = toFailure(error);
    if (code !== 'invalid_input') throw error;
    throw failure(code, message, facts, 'Correct it in the form and send it again.');
  }
}

function answerOf({ home, recoveryKey, session }: Founded, origins: readonly string[]): Response {
  const response = Response.json({
    home,
    recoveryKey,
    company: session?.company ?? null,
    device: session?.device ?? null,
    signIn: session?.signIn ?? null,
  });
  if (session) {
    const secure = origins.every((origin) => origin.startsWith('https:'));
    response.headers.append('set-cookie', cookieHeader(session.token, session.lifetimeMs, secure));
  }
  return response;
}

function madeAlready() {
  return failure(
    'not_ready',
    'The company is being made, or was just made.',
    {},
    'Wait a moment, then reload the page and sign in.',
  );
}

function noCompanyYet() {
  return failure(
    'not_ready',
    'There is no company here yet.',
    {},
    'Open the link that Steward printed and fill in the form, or stop Steward and run: steward init',
  );
}
