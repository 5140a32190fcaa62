import { duration } from './duration.ts';
import type { Policy, PolicyRate, PolicyRule } from './policy.ts';

export interface PolicyChange {
  /** `rules.no-friday`, `hosts`, `unattendedMax` ... */
  readonly path: string;
  /** what changes, as a person says it */
  readonly sentence: string;
}

/** What changes from `before` to `after`, in sentences; empty if they mean the same. */
export function diffPolicies(before: Policy, after: Policy): PolicyChange[] {
  return [
    ...byId(before.rules, after.rules, 'rules', ruleSentence),
    ...byId(before.rates, after.rates, 'rates', rateSentence),
    ...hostChanges(before.hosts, after.hosts),
    ...windowChanges(before.undoWindowsMs, after.undoWindowsMs),
    ...settingChanges(before, after),
  ];
}

function byId<T extends { readonly id: string }>(
  before: readonly T[],
  after: readonly T[],
  path: string,
  toSentence: (item: T) => string,
): PolicyChange[] {
  const old = new Map(before.map((item) => [item.id, toSentence(item)]));
  const now = new Map(after.map((item) => [item.id, toSentence(item)]));
  const changes: PolicyChange[] = [];
  for (const [id, sentence] of old) {
    const next = now.get(id);
    if (next === undefined) changes.push({ path: `${path}.${id}`, sentence: `Gone: ${sentence}` });
    else if (next !== sentence) {
      changes.push({ path: `${path}.${id}`, sentence: `Was: ${sentence} Now: ${next}` });
    }
  }
  for (const [id, sentence] of now) {
    if (!old.has(id)) changes.push({ path: `${path}.${id}`, sentence: `New: ${sentence}` });
  }
  return changes;
}

function ruleSentence(rule: PolicyRule): string {
  return `"${rule.id}": when ${rule.when}, then ${rule.then}, because: ${rule.because}`;
}

function rateSentence(rate: PolicyRate): string {
  return `"${rate.id}": at most ${rate.starts} starts of ${rate.capability} in ${duration(rate.perMs)}.`;
}

function hostChanges(before: readonly string[], after: readonly string[]): PolicyChange[] {
  const gone = before.filter((host) => !after.includes(host));
  const added = after.filter((host) => !before.includes(host));
  return [
    ...gone.map((host) => ({ path: 'hosts', sentence: `${host} is no longer read unasked.` })),
    ...added.map((host) => ({ path: 'hosts', sentence: `${host} may be read unasked.` })),
  ];
}

function windowChanges(
  before: Policy['undoWindowsMs'],
  after: Policy['undoWindowsMs'],
): PolicyChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [old, now] = [before[name] ?? 0, after[name] ?? 0];
    if (old === now) return [];
    const sentence = `The time to take back "${name}" changes from ${duration(old)} to ${duration(now)}.`;
    return [{ path: `undoWindowsMs.${name}`, sentence }];
  });
}

function settingChanges(before: Policy, after: Policy): PolicyChange[] {
  const changes: PolicyChange[] = [];
  const compare = (path: string, what: string, old: string, now: string) => {
    if (old !== now) changes.push({ path, sentence: `${what}: was ${old}, now ${now}.` });
  };
  compare('quietHours', 'Quiet hours', quiet(before), quiet(after));
  const [old, now] = [before.escalation.interruptFrom, after.escalation.interruptFrom];
  compare('escalation.interruptFrom', 'You are interrupted from class', old, now);
  const plain = 'A plain key file may sign up to class';
  compare('unattendedMax', plain, before.unattendedMax, after.unattendedMax);
  const unlocked = 'A key with a passphrase may sign up to class';
  compare('unlockedMax', unlocked, before.unlockedMax, after.unlockedMax);
  return changes;
}

function quiet({ quietHours }: Policy): string {
  return quietHours ? `${quietHours.from} to ${quietHours.to} o'clock` : 'none';
}
