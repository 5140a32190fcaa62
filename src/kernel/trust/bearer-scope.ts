import { failure } from '../../contract/index.ts';
import type { Plan, Playbook, Step } from '../../plan/index.ts';
import type { RecordState } from '../../records/index.ts';
import { limitFields } from '../record-reads.ts';
import { type Bearer, mayAskFor, requireScope } from './tokens.ts';

type FindPlaybook = (ref: string) => Playbook | undefined;

/** Fails with `not_authorised` when the playbook may call anything that the token's scope lacks. */
export function requirePlaybook(bearer: Bearer, playbook: Playbook, find: FindPlaybook): void {
  for (const capability of callsOf(playbook.plan, find)) requireScope(bearer, { capability });
}

/** True if the scope holds everything that the playbook may call. */
export function mayPlay(bearer: Bearer, playbook: Playbook, find: FindPlaybook): boolean {
  return [...callsOf(playbook.plan, find)].every((capability) => mayAskFor(bearer, capability));
}

/** What an open-ended plan may call: no scope names it. */
const ANYTHING = '*';
/** playbooks inside playbooks; validation refuses more (PLAN_LIMITS) */
const DEEPEST = 20;

/** Every capability that a plan can come to call, the plans inside it included. */
function callsOf(plan: Plan, find: FindPlaybook): ReadonlySet<string> {
  const calls = new Set<string>();
  const visit = (steps: readonly Step[], depth: number): void => {
    if (depth > DEEPEST) {
      calls.add(ANYTHING);
      return;
    }
    for (const step of steps) {
      if ('call' in step) calls.add(step.call);
      if ('each' in step) visit(step.each.do, depth);
      if ('repeat' in step) visit(step.repeat.do, depth);
      if ('expand' in step) for (const one of step.expand.allow ?? [ANYTHING]) calls.add(one);
      if ('play' in step) {
        const inner = find(step.play);
        if (inner) visit(inner.plan.steps, depth + 1);
        else calls.add(ANYTHING);
      }
      visit(step.catch?.do ?? [], depth);
    }
  };
  visit(plan.steps, 0);
  return calls;
}

/**
 * Records of a type as a token may see them: what is not personal, and the fields that are named. Fails
 * with `not_authorised` for a type that its scope lacks.
 */
export function scopedView(bearer: Bearer, type: string): (state: RecordState) => RecordState {
  requireScope(bearer, { record: type });
  const { reads } = bearer.scope;
  const view = (listed: '*' | readonly string[]): ((state: RecordState) => RecordState) => {
    const contract = {
      name: bearer.name,
      placement: 'anywhere',
      reads: { [type]: listed },
    } as const;
    return (state) => limitFields(contract, state);
  };
  const fields = reads.filter((read) => read.startsWith(`${type}.`));
  const named = view(fields.map((read) => read.slice(type.length + 1)));
  if (!reads.includes(type)) return named;
  const whole = view('*');
  return (state) => {
    const business = whole(state);
    return { ...business, fields: merge(business.fields, named(state).fields) };
  };
}

function merge(a: RecordState['fields'], b: RecordState['fields']): RecordState['fields'] {
  const both = Object.keys(b).map((name) => {
    const [left, right] = [a[name], b[name]];
    return [name, isPlain(left) && isPlain(right) ? merge(left, right) : right] as const;
  });
  return { ...a, ...Object.fromEntries(both) } as RecordState['fields']; // members of b are JSON
}

function isPlain(value: unknown): value is RecordState['fields'] {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fails with `invalid_input`: words are read generously, and a token's reach must be exact. */
export function requireNamed(bearer: Bearer, playbook: string | undefined): string {
  if (playbook !== undefined) return playbook;
  throw failure(
    'invalid_input',
    'With a token, name the playbook that you want.',
    { path: 'playbook', token: bearer.token },
    'See those that the token is for: GET /api/playbooks',
  );
}
