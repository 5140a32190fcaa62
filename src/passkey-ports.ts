import { isJsonObject, type JsonObject, sha256 } from './base/index.ts';
import { failure } from './contract/index.ts';
import { statementBytes } from './contract/portable.ts';
import type { KernelPorts } from './kernel/index.ts';
import type { Services } from './surface/index.ts';

/** What makes passkeys and what checks their signatures, for a home served at these addresses. */
export interface PasskeyPorts {
  readonly passkeys: Services['passkeys'];
  readonly verify: KernelPorts['verify'];
}

/** Loads the code for passkeys when the first one is used: most homes never do. */
export function createPasskeyPorts(origins: () => readonly string[]): PasskeyPorts {
  return {
    passkeys: {
      options: async (origin, operator, challenge) => {
        const { passkeyOptions } = await adapter();
        return plain(await passkeyOptions(await siteOf(origin, origins()), operator, challenge));
      },
      check: async (origin, challenge, answer) => {
        const { verifyPasskey } = await adapter();
        const checked = await verifyPasskey(answer, challenge, await siteOf(origin, origins()));
        if (checked.status === 'refused') throw checked.failure;
        return checked.credential;
      },
    },
    verify: async (signed, device) => {
      const { verifyAssertion } = await adapter();
      const hash = sha256(statementBytes(signed.statement));
      const checked = await verifyAssertion(device, hash, signed.passkey, origins());
      if (checked.status === 'refused') throw checked.failure;
    },
  };
}

function adapter() {
  return import('./adapter/passkeys.ts');
}

/** Fails with `not_possible`, naming an address of ours that is fit. */
async function siteOf(origin: string, known: readonly string[]) {
  const { passkeySite } = await adapter();
  const site = passkeySite(origin);
  if (site) return site;
  const fit = known.find((other) => passkeySite(other) !== undefined);
  throw failure(
    'not_possible',
    'Browsers make no passkeys at this address.',
    { origin },
    fit === undefined
      ? 'Serve Steward under a name with https, then open it there.'
      : `Open Steward at ${fit}, and add it there.`,
  );
}

/** Without the members that are undefined. */
function plain(value: object): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(value));
  return isJsonObject(copy) ? copy : {};
}
