import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { policyNow } from '../../kernel/index.ts';
import {
  DEFAULT_POLICY,
  isUnreadable,
  type Policy,
  policyVersion,
  readPolicy,
} from '../../policy/index.ts';
import { backTestView, policyVersionView } from '../views/trust-view.ts';
import { proposal, SIGNING } from './acts.ts';
import { numberField, valuesField } from './inputs.ts';
import { type CliArgument, defineOperation, type Services } from './operation.ts';

const because = z.string().max(500).optional();
const becauseOption = {
  field: 'because',
  flags: '--because <text>',
  help: 'why',
  kind: 'text',
} as const;

const file: CliArgument = {
  field: 'policy',
  name: 'FILE',
  help: 'YAML or JSON; what it leaves out is as on a fresh install; - is standard input',
};

export const policyOperation = defineOperation({
  name: 'policy',
  title: 'What is allowed, asked and denied, as it is in force',
  method: 'GET',
  path: '/api/policy',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['policy'], examples: ['steward policy', 'steward policy --json'] },
  handle: async (_, { services }) => {
    const now = await policyNow(services.log);
    const [since] = await services.kernel.trust.policies();
    if (isUnreadable(now)) {
      return { status: 'unreadable', faults: now.faults, version: null, since: null, policy: null };
    }
    const { version, ...policy } = now;
    return {
      ...{ status: 'in-force', faults: [], version, policy },
      since: since?.version === version ? since.at : null,
    };
  },
});

export const policyHistoryOperation = defineOperation({
  name: 'policy-history',
  title: 'Every policy that was in force, newest first',
  method: 'GET',
  path: '/api/policy/history',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['policy', 'history'], examples: ['steward policy history'] },
  handle: async (_, { services }) =>
    (await services.kernel.trust.policies()).map(policyVersionView),
});

export const policyDiffOperation = defineOperation({
  name: 'policy-diff',
  title: 'What another policy would change, in sentences',
  method: 'POST',
  path: '/api/policy/diff',
  access: 'look',
  body: 'json',
  input: z.strictObject({ policy: valuesField }),
  cli: {
    words: ['policy', 'diff'],
    arguments: [file],
    examples: ['steward policy diff policy.yaml'],
  },
  handle: async ({ policy }, { services }) => {
    const after = completePolicy(policy);
    return {
      version: after.version,
      changes: await services.kernel.trust.policyChanges(after),
    };
  },
});

export const policyBackTestOperation = defineOperation({
  name: 'policy-back-test',
  title: 'What another policy would have decided otherwise about what was proposed so far',
  method: 'POST',
  path: '/api/policy/back-test',
  access: 'look',
  body: 'json',
  input: z.strictObject({ policy: valuesField, since: numberField.optional() }),
  cli: {
    words: ['policy', 'back-test'],
    arguments: [file],
    options: [
      {
        field: 'since',
        flags: '--since <seq>',
        help: 'only events after this one',
        kind: 'number',
      },
    ],
    examples: ['steward policy back-test policy.yaml'],
  },
  handle: async ({ policy, since }, { services }) => {
    const options = since === undefined ? {} : { sinceSeq: since };
    const result = await services.kernel.trust.backTest(completePolicy(policy), options);
    return backTestView(services, result);
  },
});

export const policySetOperation = defineOperation({
  name: 'policy-set',
  title: 'Put another policy in force',
  method: 'POST',
  path: '/api/policy/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ policy: valuesField, because }),
  cli: {
    words: ['policy', 'set'],
    arguments: [file],
    options: [becauseOption, ...SIGNING],
    examples: ['steward policy set policy.yaml --because "Reports go out by themselves"'],
  },
  handle: ({ policy, because: why = '' }, { services }) =>
    proposePolicy(services, completePolicy(policy), why || 'You changed it.'),
});

export const policyRollbackOperation = defineOperation({
  name: 'policy-rollback',
  title: 'Put an older policy in force again',
  method: 'POST',
  path: '/api/policy/rollback/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ version: z.string().regex(/^[0-9a-f]{6,64}$/), because }),
  cli: {
    words: ['policy', 'rollback'],
    arguments: [{ field: 'version', name: 'VERSION', help: 'at least its first six letters' }],
    options: [becauseOption, ...SIGNING],
    examples: ['steward policy rollback 3fa94c --because "Too strict"'],
  },
  handle: async ({ version, because: why = '' }, { services }) => {
    const isFirst = DEFAULT_POLICY.version.startsWith(version);
    const policy = isFirst ? DEFAULT_POLICY : await services.kernel.trust.policyOfVersion(version);
    return proposePolicy(services, policy, why || 'You went back to it.');
  },
});

function proposePolicy(services: Services, policy: Policy, why: string) {
  return proposal(services, 'policy', { policy: plainPolicy(policy), because: why });
}

/**
 * A policy from a file: what it leaves out is as on a fresh install, and its version is worked out.
 * Fails with `invalid_input`, naming every fault.
 */
export function completePolicy(given: JsonObject): Policy {
  const { version: written, ...content } = given;
  const { version: _, ...fresh } = plainPolicy(DEFAULT_POLICY);
  const whole = { ...fresh, ...content };
  // a member of another shape is named by readPolicy; the version is worth nothing before that
  const version = policyVersion(whole as unknown as Policy);
  const policy = readPolicy({ ...whole, version: written ?? version });
  if (!isUnreadable(policy)) return policy;
  throw failure(
    'invalid_input',
    `The policy is not one: ${policy.faults[0] ?? ''}`,
    { path: 'policy', faults: [...policy.faults] },
    'See how one is written: steward policy --json',
  );
}

function plainPolicy(policy: Policy): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(policy));
  return isJsonObject(copy) ? copy : {};
}
