import { LIMITS } from '../../base/index.ts';
import { type Effect, failure, type StoredEvent } from '../../contract/index.ts';
import {
  type BackTest,
  backTest,
  diffPolicies,
  isUnreadable,
  normaliseAddress,
  type PastDeed,
  type Policy,
  type PolicyChange,
  readPolicy,
} from '../../policy/index.ts';
import { asKernelEvent } from '../events.ts';
import { policyNow } from '../policy-now.ts';
import { grantsFold } from './grant-folds.ts';
import type { ActPorts } from './propose-act.ts';
import { type PolicyVersionRow, policyVersionsFold } from './trust-folds.ts';

/** Deeds that one back-test looks at, the newest ones: a year of a busy company. */
const DEEDS = 10_000;

/** Every policy that was in force, newest first. */
export async function policyHistory({ log }: ActPorts): Promise<readonly PolicyVersionRow[]> {
  const rows = await log.fold(policyVersionsFold).list({ descending: true });
  return rows.map(({ row }) => row);
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

/**
 * What would have been decided otherwise under another policy: every effect of the past, each as it was
 * first proposed, judged with the destinations that were known then. Grants are those of now.
 */
export async function backTestPolicy(
  ports: ActPorts,
  after: Policy,
  options: { readonly sinceSeq?: number } = {},
): Promise<BackTest> {
  const deeds = await pastDeeds(ports, options.sinceSeq ?? 0);
  return backTest(deeds.slice(-DEEDS), await policyNow(ports.log), after);
}

async function pastDeeds(ports: ActPorts, sinceSeq: number): Promise<readonly PastDeed[]> {
  const { log, records } = ports;
  const grants = (await log.fold(grantsFold).list()).map(({ row }) => row.grant);
  const company = await records.find('company', log.company);
  const zone = typeof company?.fields.zone === 'string' ? company.fields.zone : 'UTC';
  const seen = new Set<string>();
  const known = new Set<string>();
  const deeds: PastDeed[] = [];
  for (let after = sinceSeq; ; ) {
    const events = await log.read({
      after,
      limit: LIMITS.pageRows,
      types: ['effect.finalised', 'effect.committed'],
    });
    for (const stored of events) {
      const event = asKernelEvent(stored);
      if (stored.erased) continue;
      if (event.type === 'effect.committed') {
        for (const address of event.data.to) known.add(normaliseAddress(address));
      } else if (event.type === 'effect.finalised' && !seen.has(event.data.effect.key)) {
        seen.add(event.data.effect.key);
        deeds.push(toDeed(stored, event.data, grants, zone, new Set(known)));
      }
    }
    const last = events[events.length - 1];
    if (!last || events.length < LIMITS.pageRows) return deeds;
    after = last.seq;
  }
}

function toDeed(
  stored: StoredEvent,
  data: Extract<ReturnType<typeof asKernelEvent>, { type: 'effect.finalised' }>['data'],
  grants: PastDeed['grants'],
  zone: string,
  known: ReadonlySet<string>,
): PastDeed {
  const { inputLabels, on } = data;
  const effect: Effect = data.effect;
  return {
    id: effect.key,
    deed: effect,
    labels: inputLabels,
    grants,
    facts: {
      nowMs: stored.at,
      zone,
      incarnation: effect.incarnation,
      agent: on.agent,
      ...(on.playbook === undefined ? {} : { playbook: on.playbook }),
      act: on.act,
      isKnownDestination: (address) => known.has(normaliseAddress(address)),
      usageOf: () => undefined,
      startsOf: () => 0,
    },
  };
}
