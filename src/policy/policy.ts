import { z } from 'zod';
import { canonicalJson, sha256 } from '../base/index.ts';
import type { ActKind, Assurance, EffectClass } from '../contract/portable.ts';
import { compileConstraint } from './constraint.ts';

const id = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,79}$/, 'an id is small letters, digits, . _ -');
const hourOfDay = z.int().min(0).max(23);

/** Text a person wrote to explain a rule; shown on cards. */
const sentence = z.string().min(1).max(500);

const ruleSchema = z.strictObject({
  id,
  /** CEL over agent, capability, class, label, steering, fields, to, amount, mode, playbook, hour */
  when: z.string().min(1),
  // biome-ignore lint/suspicious/noThenProperty: the rule reads "when ..., then ask"; it is never awaited
  then: z.enum(['allow', 'ask', 'deny']),
  because: sentence,
});

const rateSchema = z.strictObject({
  id,
  /** `mail.send@1`, `mail.*`, `*` */
  capability: z.string().regex(/^[A-Za-z0-9_.@-]*\*?$/, 'a name, with * at its end at most'),
  starts: z.int().min(0),
  perMs: z.int().positive(),
});

const contentSchema = z.strictObject({
  rules: z.array(ruleSchema).max(200),
  rates: z.array(rateSchema).max(200),
  /** hosts that may be read without asking: `api.example.com`, or `*.example.com` for all below it */
  hosts: z.array(z.string().regex(/^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*$/)).max(1_000),
  /** how long an approved effect is held before it is done, by class or `connector:<name>` */
  undoWindowsMs: z.record(
    z.string().regex(/^(?:reversible|final|grave|connector:.+)$/),
    z.int().min(0).max(86_400_000),
  ),
  /** hours of the company's zone in which nothing but `interruptFrom` disturbs the operator */
  quietHours: z.strictObject({ from: hourOfDay, to: hourOfDay }).nullable(),
  escalation: z.strictObject({ interruptFrom: z.enum(['reversible', 'final', 'grave']) }),
  /** the highest class that a plain key file may sign; never `grave` */
  unattendedMax: z.enum(['record', 'reversible', 'final']),
  /** the highest class that a key with a passphrase may sign; above it a passkey is needed */
  unlockedMax: z.enum(['reversible', 'final', 'grave']),
});

/** `version` is the hash of the rest, so a policy cannot be changed under its own name. */
export const policySchema = contentSchema.extend({ version: z.string().regex(/^[0-9a-f]{64}$/) });

export type PolicyContent = Readonly<z.infer<typeof contentSchema>>;
export type Policy = Readonly<z.infer<typeof policySchema>>;
export type PolicyRule = Policy['rules'][number];
export type PolicyRate = Policy['rates'][number];

/** Stands where a policy should be. It denies everything and says so. */
export interface UnreadablePolicy {
  readonly status: 'unreadable';
  readonly faults: readonly string[];
}

export function isUnreadable(policy: Policy | UnreadablePolicy): policy is UnreadablePolicy {
  return 'status' in policy;
}

/** The version a content has: SHA-256 of its canonical form. */
export function policyVersion(content: PolicyContent): string {
  const { rules, rates, hosts, undoWindowsMs, quietHours, escalation } = content;
  const { unattendedMax, unlockedMax } = content;
  return sha256(
    canonicalJson({
      ...{ rules, rates, hosts, undoWindowsMs, quietHours, escalation },
      ...{ unattendedMax, unlockedMax },
    }),
  );
}

/** A content with its version: what the operator is shown and signs. */
export function sealPolicy(content: PolicyContent): Policy {
  return { ...content, version: policyVersion(content) };
}

/** On a fresh install nothing outside happens unasked (DESIGN section 8). */
export const DEFAULT_POLICY: Policy = sealPolicy({
  rules: [],
  rates: [],
  hosts: [],
  undoWindowsMs: {},
  quietHours: null,
  escalation: { interruptFrom: 'final' },
  unattendedMax: 'final',
  unlockedMax: 'final',
});

/** Reads a stored or proposed policy. Every fault is named; one fault makes all of it unreadable. */
export function readPolicy(json: unknown): Policy | UnreadablePolicy {
  try {
    const read = policySchema.safeParse(json);
    if (!read.success) return unreadable(read.error.issues.map(issueSentence));
    const faults = [...ruleFaults(read.data), ...versionFaults(read.data)];
    return faults.length === 0 ? read.data : unreadable(faults);
  } catch {
    return unreadable(['The policy is not a document that can be read.']);
  }
}

/** How long an approved effect is held so that it can still be taken back, in milliseconds. */
export function undoWindowMs(
  policy: Policy,
  effect: { readonly class: EffectClass; readonly connector: string },
): number {
  const windows = policy.undoWindowsMs;
  return windows[`connector:${effect.connector}`] ?? windows[effect.class] ?? 0;
}

const CLASS_RANK = ['pure', 'read', 'fetch', 'record', 'reversible', 'final', 'grave'];

/** The least assurance with which an effect of this class, or an act of this kind, may be signed. */
export function requiredAssurance(policy: Policy, what: EffectClass | ActKind): Assurance {
  if (what === 'revoke') return 'unattended'; // it only takes authority away
  const rank = CLASS_RANK.indexOf(what);
  if (rank < 0) return 'unlocked'; // grants, policy, devices, secrets: never by a plain key file
  if (rank <= CLASS_RANK.indexOf(policy.unattendedMax)) return 'unattended';
  return rank <= CLASS_RANK.indexOf(policy.unlockedMax) ? 'unlocked' : 'present';
}

/** True if a rate's pattern covers the capability. */
export function coversCapability(pattern: string, capability: string): boolean {
  return pattern.endsWith('*')
    ? capability.startsWith(pattern.slice(0, -1))
    : capability === pattern;
}

function ruleFaults(policy: Policy): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const rule of policy.rules) {
    if (seen.has(rule.id)) faults.push(`Two rules are called "${rule.id}".`);
    seen.add(rule.id);
    const compiled = compileConstraint('policy', rule.when);
    if (compiled.status === 'faulty') faults.push(`Rule "${rule.id}": ${compiled.fault}`);
  }
  return faults;
}

function versionFaults(policy: Policy): string[] {
  return policy.version === policyVersion(policy)
    ? []
    : ['The version of the policy does not fit its content.'];
}

function unreadable(faults: readonly string[]): UnreadablePolicy {
  return { status: 'unreadable', faults };
}

function issueSentence(issue: { path: PropertyKey[]; message: string }): string {
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
