import { signal } from '@preact/signals';
import { type Assurance, isAssured } from '../../../src/contract/portable.ts';
import { type Resource, useResource } from '../api/resource.ts';
import { visible } from '../words/visible.ts';
import { lookOnly, type Signer, session, signer } from './session.ts';

/** Who may decide for the company, as the server lists them. */
export interface DeviceRow {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly assurance: Assurance;
  readonly enrolledAt: string;
  readonly revokedAt: string | null;
  /** passkeys only */
  readonly credentialId?: string | null;
  readonly rpId?: string | null;
}

/** A passkey that can sign at this address. */
export interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly credentialId: string;
  readonly rpId: string;
}

/** What a signature takes beyond the key of this browser. */
export type StepUp =
  | { readonly status: 'none' }
  | { readonly status: 'passkey'; readonly passkeys: readonly Passkey[]; readonly use: Passkey }
  /** why it cannot be signed here, and the way out */
  | { readonly status: 'off'; readonly words: string; readonly addOne: boolean };

export function useDevices(wanted = true): Resource<readonly DeviceRow[]> {
  return useResource<readonly DeviceRow[]>(wanted ? '/api/devices' : null, ({ type }) =>
    type.startsWith('device.'),
  );
}

/** What signing takes here. */
export function useStepUp(needed: Assurance): StepUp {
  const isEnough = isAssured(session.value?.device?.assurance ?? 'unattended', needed);
  const devices = useDevices(!isEnough).data.value;
  if (isEnough) return { status: 'none' };
  if (!devices)
    return { status: 'off', words: 'Your passkeys are still being read.', addOne: false };
  const live = devices.filter(({ kind, revokedAt }) => kind === 'passkey' && revokedAt === null);
  const passkeys = live.flatMap((row) => passkeyOf(row) ?? []);
  const use = passkeys.find(({ id }) => id === preferred.value) ?? passkeys.at(-1);
  if (use) return { status: 'passkey', passkeys, use };
  const elsewhere = live.flatMap(({ rpId }) => rpId ?? []);
  const have =
    elsewhere.length === 0
      ? 'you have none yet.'
      : `yours works at ${[...new Set(elsewhere)].map(visible).join(', ')} only.`;
  const way = noPasskeysHere() ?? 'Add one in Settings.';
  return { status: 'off', words: `${WHY[needed]}, and ${have} ${way}`, addOne: true };
}

const WHY: { readonly [needed in Assurance]: string } = {
  unattended: 'This takes a key of yours',
  unlocked: 'The key of this browser lies open, so this takes a passkey',
  present: 'This moves money or binds you, so it takes a passkey',
};

/** Why this browser cannot sign it, and the way out; undefined when it can. */
export function whyUnsigned(stepUp: StepUp): string | undefined {
  return lookOnly.value ?? (stepUp.status === 'off' ? stepUp.words : undefined);
}

/** Who signs: the passkey where one is needed, else the key of this browser. */
export function signerFor(stepUp: StepUp): Signer | undefined {
  return stepUp.status === 'passkey' ? passkeySigner(stepUp.use) : signer.value;
}

/** A passkey of this address, or undefined: browsers ask for none that was made elsewhere. */
function passkeyOf({ id, name, credentialId, rpId }: DeviceRow): Passkey | undefined {
  return credentialId && rpId === location.hostname ? { id, name, credentialId, rpId } : undefined;
}

/** Why no passkey can be made or used at this address, with the one to open; undefined when it can. */
export function noPasskeysHere(): string | undefined {
  const isAddress = /^[\d.]+$|^\[/.test(location.hostname);
  if ('PublicKeyCredential' in window && !isAddress) return undefined;
  const fit = session.value?.origins?.find(
    (origin) => origin.startsWith('https:') || new URL(origin).hostname === 'localhost',
  );
  return fit === undefined || fit === location.origin
    ? 'This browser uses no passkeys here. Open Steward in one that does.'
    : `Browsers use no passkeys at this address. Open Steward at ${fit}`;
}

const STORED = 'steward-passkey';
const preferred = signal(localStorage.getItem(STORED));

/** Remembers in this browser which of several passkeys signs. */
export function prefer(passkey: string): void {
  preferred.value = passkey;
  localStorage.setItem(STORED, passkey);
}

/** Signs by asking the browser for this passkey; the code for that is loaded when it is needed. */
function passkeySigner(passkey: Passkey): Signer {
  return {
    device: passkey.id,
    sign: async (statement) => {
      const { signWithPasskey } = await import('./passkey-calls.ts');
      return signWithPasskey(passkey, statement);
    },
  };
}
