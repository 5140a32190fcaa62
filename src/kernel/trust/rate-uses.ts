import type { Log, StreamAppend } from '../../log/index.ts';
import { coversCapability, isUnreadable } from '../../policy/index.ts';
import { fact } from '../events.ts';
import { policyNow } from '../policy-now.ts';

/**
 * Marks a use of each rate that counts this capability, in a stream that only one start can move. Where
 * nothing else says that it begins, the first of them `counts` as the start.
 */
export async function usesOfRates(
  log: Log,
  capability: string,
  counts: boolean,
): Promise<readonly StreamAppend[]> {
  const policy = await policyNow(log);
  if (isUnreadable(policy)) return [];
  const own = policy.rates.filter((rate) => coversCapability(rate.capability, capability));
  return Promise.all(
    own.map(async ({ id }, index) => {
      const stream = `rate-use/${id}`;
      const data = { capability, ...(counts && index === 0 ? { counts } : {}) } as const;
      const expectedVersion = await log.streamVersion(stream);
      return { stream, expectedVersion, events: [fact('rate.used', data)] };
    }),
  );
}
