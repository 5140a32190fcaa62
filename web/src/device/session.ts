import { computed, signal } from '@preact/signals';
import {
  type DecisionStatement,
  type SignedDecision,
  signStatement,
  toBase64Url,
} from '../../../src/contract/portable.ts';
import { call, onSignedOut } from '../api/call.ts';
import type { Session } from '../api/shapes.ts';
import { followServer } from '../clock.ts';
import { browserName } from './browser-name.ts';
import { type BrowserKey, loadKey, makeKey, nameKey } from './key-store.ts';

export const session = signal<Session | undefined>(undefined);
const key = signal<BrowserKey | undefined>(undefined);

/** A device that signs what it is handed. */
export interface Signer {
  readonly device: string;
  /** A passkey's fails with `NotSigned` when the person says no. */
  readonly sign: (statement: DecisionStatement) => Promise<SignedDecision>;
}

/** The key of this browser; undefined in a session that can only look. */
export const signer = computed<Signer | undefined>(() => {
  const { device, company, canSign } = session.value ?? {};
  if (!device || !company || canSign === false) return undefined;
  const { privateKey, deviceByCompany } = key.value ?? {};
  return privateKey && deviceByCompany?.[company.id] === device.id
    ? { device: device.id, sign: (statement) => signStatement(statement, privateKey) }
    : undefined;
});

/** Why this browser cannot decide, and what to do about it; undefined when it can. */
export const lookOnly = computed<string | undefined>(() => {
  if (signer.value) return undefined;
  return 'You can look but not decide: this browser has no key of yours. Run "steward devices invite" where you can sign, and open its link here.';
});

onSignedOut(() => {
  if (session.value?.signedIn) session.value = { signedIn: false };
});

/** Reads who is here, and ties this browser's key to the session if the company knows it. */
export async function loadSession(): Promise<void> {
  key.value ??= await loadKey();
  let now = await call<Session>('GET', '/api/session');
  const known = now.company && key.value?.deviceByCompany[now.company.id];
  if (now.signedIn && !now.device && known && key.value && (await attach(key.value, known)))
    now = await call<Session>('GET', '/api/session');
  if (now.now) followServer(now.now);
  session.value = now;
}

export interface SignInResult {
  /** true when this browser may decide from now on */
  readonly canDecide: boolean;
}

/**
 * Uses up a one-time code. This browser's key goes along: the server enrols it if it is the first or
 * invited; else the session can look only. Fails with `Problem` (an old or used code).
 */
export async function signIn(code: string): Promise<SignInResult> {
  const mine = key.value ?? (await loadKey()) ?? (await makeKey().catch(() => undefined));
  key.value = mine;
  const answer = await call<{ enrolled: boolean; device: { id: string } | null }>(
    'POST',
    '/api/sign-in',
    {
      code,
      ...(mine && {
        device: {
          name: browserName(navigator.userAgent),
          kind: 'browser',
          publicKey: mine.publicKey,
        },
      }),
    },
  );
  if (mine && answer.enrolled && answer.device) {
    const { company } = await call<Session>('GET', '/api/session');
    if (company) {
      await nameKey(mine, company.id, answer.device.id);
      key.value = await loadKey();
    }
  }
  await loadSession();
  return { canDecide: signer.value !== undefined };
}

/** The page is put away first: it must not ask for anything in a session that is about to end. */
export async function signOut(): Promise<void> {
  const before = session.value;
  session.value = undefined;
  try {
    await call('POST', '/api/sign-out', {});
    session.value = { signedIn: false };
  } catch (error) {
    session.value = before;
    throw error;
  }
}

/** Proves that this browser holds an enrolled key; false when the company does not know it. */
async function attach(mine: BrowserKey, device: string): Promise<boolean> {
  try {
    const { challenge } = await call<{ challenge: string }>('GET', '/api/session/challenge');
    const bytes = new TextEncoder().encode(`steward/session/v1\0${challenge}`);
    const signature = await crypto.subtle.sign('Ed25519', mine.privateKey, bytes);
    const proof = toBase64Url(new Uint8Array(signature));
    await call('POST', '/api/session/device', { device, proof });
    return true;
  } catch {
    return false; // it stays a session that can look
  }
}
