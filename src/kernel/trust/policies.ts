import { failure } from '../../contract/index.ts';
import {
  type BackTest,
  backTest,
  diffPolicies,
  isUnreadable,
  type Policy,
  type PolicyChange,
  readPolicy,
} from '../../policy/index.ts';
import { policyNow } from '../policy-now.ts';
import { pastDeeds } from './past-deeds.ts';
import type { ActPorts } from './propose-act.ts';
import { type PolicyVersionRow, policyVersionsFold } from './trust-folds.ts';

/** Every policy that was in force, newest first. */
export async function policyHistory({ log }: ActPorts): Promise<readonly PolicyVersionRow[]> {
  const newest = log.fold(policyVersionsFold).every({ descending: true });
  return Array.fromAsync(newest, ({ row }) => row);
}

/** The content of an older policy, to be signed again. Fails with `not_found`, `not_possible`. */
export async function policyOfVersion(ports: ActPorts, version: string): Promise<Policy> {
  const matches = (await policyHistory(ports)).filter((row) => row.version.startsWith(version));
  const [found] = matches;
  if (!found || version === '') throw failure('not_found', `There was no policy "${version}".`);
  const policy = readPolicy(found.policy);
  if (!isUnreadable(policy)) return policy;
  throw failure('not_possible', `That policy cannot be read: ${policy.faults[0]}`);
}

/** What a policy would change, in sentences. Fails with `not_possible` when one cannot be read. */
export async function policyChanges(
  ports: ActPorts,
  after: Policy,
): Promise<readonly PolicyChange[]> {
  const now = await policyNow(ports.log);
  if (isUnreadable(now)) {
    throw failure('not_possible', `The policy in force cannot be read: ${now.faults[0]}`);
  }
  return diffPolicies(now, after);
}

export interface PolicyBackTest extends BackTest {
  /** effects before those that were judged: there are too many for one trial */
  readonly earlier: number;
}

/**
 * What would have been decided otherwise under another policy: the effects of the past, each as it was
 * first proposed, judged with the grants, destinations and starts of that moment.
 */
export async function backTestPolicy(
  ports: ActPorts,
  after: Policy,
  options: { readonly sinceSeq?: number; readonly newest?: number } = {},
): Promise<PolicyBackTest> {
  const { deeds, earlier } = await pastDeeds(ports, options);
  return { ...backTest(deeds, await policyNow(ports.log), after), earlier };
}
