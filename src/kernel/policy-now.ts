import type { Log } from '../log/index.ts';
import {
  DEFAULT_POLICY,
  isUnreadable,
  type Policy,
  readPolicy,
  type UnreadablePolicy,
} from '../policy/index.ts';
import { policyFold } from './folds.ts';

/** The policy in force. One that cannot be read denies everything. */
export async function policyNow(log: Log): Promise<Policy | UnreadablePolicy> {
  const row = await log.fold(policyFold).get('policy');
  return row ? readPolicy(row.policy) : DEFAULT_POLICY;
}

/** Names it in statements and snapshots. */
export function policyName(policy: Policy | UnreadablePolicy): string {
  return isUnreadable(policy) ? 'unreadable' : policy.version;
}
