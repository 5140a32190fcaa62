import type { Id } from '../../base/index.ts';
import { failure, type StoredEvent } from '../../contract/index.ts';
import { asKernelEvent } from '../events.ts';
import { isStepSettled } from '../run/lifecycle.ts';
import { compiledStep, localId } from '../run/run-places.ts';
import type { RunState } from '../run/run-state.ts';

/** What a fork takes over, and what it does anew. */
export interface Prefix {
  /** events of the run's stream, in order: results, skips and the insides of groups */
  readonly events: readonly StoredEvent[];
  /** steps that count as over */
  readonly kept: ReadonlySet<string>;
}

/**
 * Everything of a run that does not need `from`: a step is taken over when it is over, every step it
 * comes after is taken over, and neither it nor what it is nested in is the fork point. What was
 * answered by a person after the fork point had begun is asked again. Pure.
 */
export function prefixOf(run: RunState, events: readonly StoredEvent[], from: string): Prefix {
  const around = ownersOf(run, from);
  const since = beginning(events, from);
  const kept = new Set<string>();
  const open = new Set<string>(['']);
  const taken: StoredEvent[] = [];
  const answered = new Set<string>();
  const children = childrenByOwner(run);

  const isInside = (path: string): boolean => path === from || path.startsWith(`${from}/`);
  const comesAfterKept = (path: string): boolean => {
    const prefix = prefixOfPath(path);
    const { dependsOn } = compiledStep(run, path);
    return open.has(prefix) && dependsOn.every((id) => kept.has(prefix + id));
  };
  const isOver = (path: string, seq: number): boolean =>
    !isInside(path) &&
    !around.has(path) &&
    comesAfterKept(path) &&
    !(answered.has(path) && seq >= since) &&
    (children.get(path) ?? []).every((child) => kept.has(child));

  for (const stored of events) {
    const event = asKernelEvent(stored);
    switch (event.type) {
      case 'wait.ended':
        if (event.data.how === 'answer') answered.add(event.data.step);
        break;
      case 'step.completed':
      case 'step.skipped': {
        const { step } = event.data;
        if (kept.has(step) || !isOver(step, event.seq)) break;
        kept.add(step);
        taken.push(stored);
        break;
      }
      case 'step.expanded': {
        const { step, round = 1 } = event.data;
        if (isInside(step) || !comesAfterKept(step)) break;
        if (round > 1 && !isRoundKept(run, `${step}/${round - 1}/`, kept)) break;
        for (const prefix of openedBy(event.data)) open.add(prefix);
        taken.push(stored);
        break;
      }
      default:
    }
  }
  return { events: taken, kept };
}

/** The steps that a step is nested in, outermost last. */
function ownersOf(run: RunState, path: string): ReadonlySet<string> {
  const owners = new Set<string>();
  for (let prefix = prefixOfPath(path); prefix !== ''; ) {
    const owner = ownerOf(run, prefix);
    owners.add(owner);
    prefix = prefixOfPath(owner);
  }
  return owners;
}

/** `mails/3/` belongs to `mails`, `letter/` to `letter`, `send/catch/` to `send`. */
function ownerOf(run: RunState, prefix: string): string {
  const path = prefix.slice(0, -1);
  const isStep = run.scopes.get(prefixOfPath(path))?.compiled.byId.has(localId(path)) ?? false;
  return isStep ? path : path.slice(0, path.lastIndexOf('/'));
}

function prefixOfPath(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** The seq from which on the fork point was under way; never, when it had not begun. */
function beginning(events: readonly StoredEvent[], from: string): number {
  const first = events.find(({ data }) => {
    const { step } = data;
    return typeof step === 'string' && (step === from || step.startsWith(`${from}/`));
  });
  return first?.seq ?? Number.POSITIVE_INFINITY;
}

/** Steps that came to an end, by the step they are directly nested in. */
function childrenByOwner(run: RunState): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>();
  for (const { path, status } of run.steps.values()) {
    const prefix = prefixOfPath(path);
    if (prefix === '' || !isStepSettled(status)) continue;
    const owner = ownerOf(run, prefix);
    const own = children.get(owner) ?? [];
    children.set(owner, own);
    own.push(path);
  }
  return children;
}

function isRoundKept(run: RunState, prefix: string, kept: ReadonlySet<string>): boolean {
  const steps = run.scopes.get(prefix)?.compiled.steps ?? [];
  return steps.every(({ id }) => kept.has(prefix + id));
}

function openedBy(data: {
  readonly step: string;
  readonly items?: unknown;
  readonly round?: number;
  readonly catches?: unknown;
}): readonly string[] {
  const { step, items, round, catches } = data;
  if (catches !== undefined) return [`${step}/catch/`];
  if (Array.isArray(items)) return items.map((_, index) => `${step}/${index}/`);
  return [round === undefined ? `${step}/` : `${step}/${round}/`];
}

/** Fails with `not_found` when the run has no such step, naming those it has. */
export function requireStep(run: RunState, id: Id, path: string): void {
  const scope = run.scopes.get(prefixOfPath(path));
  if (scope?.compiled.byId.has(localId(path))) return;
  const steps = [...run.scopes].flatMap(([prefix, { compiled }]) =>
    compiled.steps.map((step) => prefix + step.id),
  );
  throw failure(
    'not_found',
    `This run has no step "${path}".`,
    { run: id, step: path, steps: steps.slice(0, 50) },
    'See its steps: steward run ID',
  );
}

/** True for a step that could begin right after the prefix: nothing that is done anew comes before it. */
export function isNext(run: RunState, { kept }: Prefix, from: string, path: string): boolean {
  if (kept.has(path) || path === from || path.startsWith(`${from}/`)) return false;
  const prefix = prefixOfPath(path);
  return compiledStep(run, path).dependsOn.every((id) => kept.has(prefix + id));
}
