import type { Snapshot } from '../contract/index.ts';
import type { Log } from '../log/index.ts';
import { policyName, policyNow } from './policy-now.ts';

/** The state that something is decided on right now. `lexical`: memory without a vector space. */
export async function takeSnapshot(log: Log): Promise<Snapshot> {
  const { seq, hash } = log.head();
  return { seq, hash, policy: policyName(await policyNow(log)), space: 'lexical' };
}
