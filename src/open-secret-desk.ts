import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretStore } from './adapter/secret-store.ts';
import type { Clock } from './base/index.ts';
import { failure } from './contract/index.ts';
import type { Secret } from './policy/index.ts';
import type { Services } from './surface/index.ts';

/** The secrets of a home, for those who ask for them and for the redactor. */
export type HomeSecrets = Services['secrets'] & {
  /** Reads the secrets where there are any. Fails as `openSecretStore` does. */
  readonly load: () => Promise<void>;
  /** Makes true what the log says, after a crash between the two. */
  readonly repair: SecretStore['repair'];
  /** Fills a handle in for a host it was declared for. Fails with `not_found`, `egress_refused`. */
  readonly inject: SecretStore['inject'];
  /** The value of a secret that is sent nowhere, for checks in this house. */
  readonly own: (name: string) => Promise<string | undefined>;
  /** What is known by now; none before `load` or the first use. */
  readonly values: () => Iterable<Secret>;
};

/** Secrets are opened when somebody asks for them: a home without any never pays for it. */
export function openSecretDesk(directory: string, clock: Clock): HomeSecrets {
  let opening: Promise<SecretStore> | undefined;
  let opened: SecretStore | undefined;
  const store = (): Promise<SecretStore> => {
    opening ??= open(directory, clock).then(
      (found) => {
        opened = found;
        return found;
      },
      (error: unknown) => {
        opening = undefined; // the key may be put back meanwhile
        throw error;
      },
    );
    return opening;
  };
  const isEmpty = (): boolean => !opened && !existsSync(join(directory, 'secrets.age'));
  return {
    load: async () => {
      if (!isEmpty()) await store();
    },
    inject: (request, name, host, port) => {
      if (opened) return opened.inject(request, name, host, port);
      throw failure('not_found', 'There is no secret of this name.', { secret: name });
    },
    own: async (name) => (isEmpty() ? undefined : (await store()).own(name)),
    values: () => opened?.values() ?? [],
    stage: async (secret) => (await store()).stage(secret),
    drop: async (name, commitment) => (await store()).drop(name, commitment),
    settle: async (name, signed) => (await store()).settle(name, signed),
    repair: async (signedOf) => {
      if (!isEmpty()) await (await store()).repair(signedOf);
    },
    list: async () => (isEmpty() ? [] : (await store()).list()),
  };
}

async function open(directory: string, clock: Clock): Promise<SecretStore> {
  const { openSecretStore } = await import('./adapter/secret-store.ts');
  return openSecretStore(directory, clock);
}
