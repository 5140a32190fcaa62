import type { Json } from '../../../src/base/portable.ts';
import { type ActKind, actHash } from '../../../src/contract/portable.ts';
import { NotSigned } from './not-signed.ts';
import type { Signer } from './session.ts';

/** Signs the hash of what is shown, while it is shown, and fails with `NotSigned` for anything else. */
export function signerOfShown(
  { kind, body }: { readonly kind: ActKind; readonly body: Json },
  by: Signer,
  isShown: () => boolean,
): Signer {
  return {
    device: by.device,
    sign: async (statement) => {
      const [hash, ...others] = statement.effects;
      if (hash !== (await actHash(kind, body)) || others.length > 0) {
        throw new NotSigned('This is not what was shown. Nothing was signed.', 'Start again.');
      }
      const signed = await by.sign(statement);
      if (isShown()) return signed;
      throw new NotSigned(
        'You changed it while it was being signed, so nothing was sent.',
        'Look at what you would sign now.',
      );
    },
  };
}
