import { canonicalJson, type Json } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import type { KernelPorts } from '../ports.ts';

/**
 * Fails with `invalid_input` for a value that holds a secret of ours, in whatever spelling: what is
 * asked for or sent must be exactly what the log keeps, so it is refused and not altered.
 */
export function refuseSecrets(
  { redactor }: Pick<KernelPorts, 'redactor'>,
  value: Json,
  path: string,
): void {
  if (!redactor || canonicalJson(redactor.json(value)) === canonicalJson(value)) return;
  throw failure(
    'invalid_input',
    'This holds one of your stored secrets. It was not kept and nothing was sent.',
    { path },
    'Take it out. A connection that needs the secret is given it on its way out.',
  );
}
