//                    every dependency over                       the runner
//   waiting ---------------------------------------> ready ---- start ----> running
//      |                                               |                       |
//      | something it refers to did not happen         +------- settle --------+
//      v                                               v                       v
//   skipped                                         done | skipped | failed | denied | cancelled
//
// Nothing leaves the last row. A step with children (each, repeat, expand) is over when the runner says
// so, after `complete` named it.
import type { Json } from '../base/index.ts';
import { isOutside, type Label, type Labelled } from '../contract/index.ts';
import type { CompiledPlan, CompiledStep } from './compile.ts';

/** How a step came to an end. */
export const STEP_OUTCOMES = ['done', 'skipped', 'failed', 'denied', 'cancelled'] as const;
export type StepOutcome = (typeof STEP_OUTCOMES)[number];
export type StepState = 'waiting' | 'ready' | 'running' | StepOutcome;

/** A step of a run: of the plan itself, or of one item, round or expansion (`mails/3/send`). */
export interface StepInstance {
  /** `send`, or with where it runs: `mails/3/send` */
  readonly id: string;
  readonly compiled: CompiledStep;
  /** `''` or `mails/3/`: what a sibling's id starts with */
  readonly prefix: string;
  /** what its expressions see beside steps: the item, `index`, `round`, `error` */
  readonly variables: { readonly [name: string]: Labelled<Json> };
  /** what the plan that it belongs to is worth; absent for the run's own plan, set inside `expand` */
  readonly own?: Label;
}

/** Steps that join a run under a step: one item of an `each`, a round, an expanded plan. */
export interface Branch {
  /** `mails/3/` */
  readonly prefix: string;
  readonly plan: CompiledPlan;
  readonly variables: { readonly [name: string]: Labelled<Json> };
  /** what the branch's own plan is worth, where it has one; otherwise that of the step around it */
  readonly own?: Label;
}

/** What a change of one step makes of others. */
export interface Advance {
  /** steps that can run now, in the order of the plan */
  readonly ready: readonly string[];
  /** steps that will not run, with the step that is the reason */
  readonly skipped: readonly { readonly step: string; readonly because: string }[];
  /** steps whose children are all over, with those children that came to a bad end */
  readonly complete: readonly { readonly step: string; readonly troubled: readonly string[] }[];
}

/** Who can run. Rebuilt from a run's events by the same calls in the same order. */
export interface Frontier {
  /** ready and not started, in the order in which they became so */
  readonly ready: () => readonly string[];
  /** Takes it out of `ready`. */
  readonly start: (id: string) => void;
  /** A step is over. Takes time in the number of its dependents; the same end twice changes nothing. */
  readonly settle: (id: string, outcome: StepOutcome) => Advance;
  /** Adds branches under a step; at most `parallel` of them are open at the same time. */
  readonly expand: (id: string, branches: readonly Branch[], parallel?: number) => Advance;
  /** Steps with outside effects that only wait for earlier such effects: they can be finalised now. */
  readonly ahead: () => readonly string[];
  readonly stateOf: (id: string) => StepState | undefined;
  readonly find: (id: string) => StepInstance | undefined;
  /** The id that a name means for a step: its sibling, else a step around it. */
  readonly resolve: (from: string, name: string) => string | undefined;
  /** why a step was skipped, when another step was the reason */
  readonly reasonOf: (id: string) => string | undefined;
  /** every step of the plan itself is over */
  readonly isFinished: () => boolean;
}

export function createFrontier(plan: CompiledPlan): Frontier {
  const nodes = new Map<string, Node>();
  /** in the order in which they became so; those that have gone on are left out at the next look */
  const readyNow: Node[] = [];
  const root = openGroup({ prefix: '', plan, variables: {} }, undefined, nodes);
  for (const node of root.nodes) if (node.pending === 0) makeReady(node, readyNow);
  const nodeOf = (id: string): Node => {
    const node = nodes.get(id);
    if (!node) throw new RangeError(`no step ${id} in this run`);
    return node;
  };
  return {
    ready: () => {
      let kept = 0;
      for (const node of readyNow) if (node.state === 'ready') readyNow[kept++] = node;
      readyNow.length = kept;
      return readyNow.map(({ id }) => id);
    },
    start: (id) => {
      const node = nodeOf(id);
      if (node.state !== 'ready') throw new RangeError(`step ${id} is ${node.state}, not ready`);
      node.state = 'running';
    },
    settle: (id, outcome) => settle(nodeOf(id), outcome, nodes, readyNow),
    expand: (id, branches, parallel = branches.length) => {
      const advance = emptyAdvance();
      const parent = nodeOf(id);
      parent.children = {
        waiting: [...branches].reverse(),
        open: 0,
        parallel: Math.max(1, parallel),
        groups: [],
      };
      openBranches(parent, parent.children, nodes, readyNow, advance);
      return advance;
    },
    ahead: () => lookAhead(nodes),
    stateOf: (id) => nodes.get(id)?.state,
    find: (id) => nodes.get(id),
    resolve: (from, name) => {
      for (
        let group: Group | undefined = nodes.get(from)?.group;
        group;
        group = group.parent?.group
      ) {
        if (group.plan.byId.has(name)) return group.prefix + name;
      }
      return undefined;
    },
    reasonOf: (id) => nodes.get(id)?.because,
    isFinished: () => root.open === 0,
  };
}

interface Node extends StepInstance {
  readonly group: Group;
  state: StepState;
  /** dependencies that are not over yet */
  pending: number;
  because?: string;
  children?: Children;
}

interface Children {
  /** branches not opened yet, last one first */
  readonly waiting: Branch[];
  open: number;
  readonly parallel: number;
  readonly groups: Group[];
}

/** The steps of one branch; the plan itself is the branch without a parent. */
interface Group {
  readonly plan: CompiledPlan;
  readonly prefix: string;
  readonly parent: Node | undefined;
  readonly nodes: readonly Node[];
  open: number;
  /** its parent was told */
  closed: boolean;
}

type Draft = {
  ready: string[];
  skipped: { step: string; because: string }[];
  complete: { step: string; troubled: string[] }[];
};

function emptyAdvance(): Draft {
  return { ready: [], skipped: [], complete: [] };
}

function openGroup(branch: Branch, parent: Node | undefined, nodes: Map<string, Node>): Group {
  const { plan, prefix, variables } = branch;
  const own = branch.own ?? parent?.own;
  const members: Node[] = [];
  const group: Group = {
    plan,
    prefix,
    parent,
    nodes: members,
    open: plan.steps.length,
    closed: false,
  };
  for (const compiled of plan.steps) {
    const id = prefix + compiled.id;
    if (nodes.has(id)) throw new RangeError(`step ${id} is already in this run`);
    const pending = compiled.dependsOn.length;
    const place = { id, compiled, prefix, variables, ...(own && { own }) };
    const node: Node = { ...place, group, state: 'waiting', pending };
    members.push(node);
    nodes.set(id, node);
  }
  return group;
}

function makeReady(node: Node, readyNow: Node[]): void {
  node.state = 'ready';
  readyNow.push(node);
}

function isOver(state: StepState): state is StepOutcome {
  return state !== 'waiting' && state !== 'ready' && state !== 'running';
}

function settle(
  node: Node,
  outcome: StepOutcome,
  nodes: Map<string, Node>,
  readyNow: Node[],
): Advance {
  const advance = emptyAdvance();
  if (isOver(node.state)) {
    if (node.state !== outcome)
      throw new RangeError(`step ${node.id} is ${node.state}, it cannot become ${outcome}`);
    return advance;
  }
  // A queue, not recursion: a chain of 10,000 skipped steps must not overflow the stack.
  const over: Node[] = [];
  end(node, outcome, over);
  for (let at = 0; at < over.length; at++) {
    const ended = over[at];
    if (!ended) break;
    informDependents(ended, over, readyNow, advance);
    closeGroup(ended.group, nodes, readyNow, advance);
  }
  return advance;
}

/** Puts a step into its last state; children that are still open end with it. */
function end(node: Node, outcome: StepOutcome, over: Node[]): void {
  node.state = outcome;
  node.group.open--;
  over.push(node);
  if (!node.children) return;
  const open: Node[] = node.children.groups.flatMap((group) => group.nodes);
  node.children.waiting.length = 0;
  for (let child = open.pop(); child; child = open.pop()) {
    if (isOver(child.state)) continue;
    child.state = 'cancelled';
    child.group.open--;
    for (const group of child.children?.groups ?? []) open.push(...group.nodes);
  }
}

function informDependents(ended: Node, over: Node[], readyNow: Node[], advance: Draft): void {
  for (const { index, refers } of ended.compiled.dependents) {
    const dependent = ended.group.nodes[index];
    if (!dependent || isOver(dependent.state)) continue;
    if (ended.state !== 'done' && needsSuccess(dependent, refers)) {
      dependent.because = ended.id;
      end(dependent, 'skipped', over);
      advance.skipped.push({ step: dependent.id, because: ended.id });
      continue;
    }
    dependent.pending--;
    if (dependent.pending === 0 && dependent.state === 'waiting') {
      makeReady(dependent, readyNow);
      advance.ready.push(dependent.id);
    }
  }
}

/**
 * What did not happen cannot be referred to; and a wait's clock starts only when what it follows has
 * succeeded, so nobody waits for the payment of an invoice that was never sent.
 */
function needsSuccess(dependent: Node, refers: boolean): boolean {
  return (refers || dependent.compiled.kind === 'wait') && !dependent.compiled.runsWhenSkipped;
}

function closeGroup(
  group: Group,
  nodes: Map<string, Node>,
  readyNow: Node[],
  advance: Draft,
): void {
  const parent = group.parent;
  if (group.open > 0 || group.closed || !parent?.children || isOver(parent.state)) return;
  group.closed = true;
  parent.children.open--;
  openBranches(parent, parent.children, nodes, readyNow, advance);
}

function openBranches(
  parent: Node,
  children: Children,
  nodes: Map<string, Node>,
  readyNow: Node[],
  advance: Draft,
): void {
  while (children.open < children.parallel) {
    const branch = children.waiting.pop();
    if (!branch) break;
    const group = openGroup(branch, parent, nodes);
    children.groups.push(group);
    if (group.open === 0) continue;
    children.open++;
    for (const node of group.nodes) {
      if (node.pending > 0) continue;
      makeReady(node, readyNow);
      advance.ready.push(node.id);
    }
  }
  if (children.open === 0 && children.waiting.length === 0) {
    advance.complete.push({ step: parent.id, troubled: troubledIn(children) });
  }
}

function troubledIn(children: Children): string[] {
  return children.groups.flatMap((group) =>
    group.nodes
      .filter(({ state }) => isOver(state) && state !== 'done' && state !== 'skipped')
      .map(({ id }) => id),
  );
}

/** Follows the sequence of effects past those that are still open, without starting anything. */
function lookAhead(nodes: ReadonlyMap<string, Node>): readonly string[] {
  const reachable = new Set<Node>();
  const queue = [...nodes.values()].filter(
    (node) => isOpenEffect(node) && node.state !== 'waiting',
  );
  for (const node of queue) reachable.add(node);
  const found: string[] = [];
  for (let at = 0; at < queue.length; at++) {
    for (const { index } of queue[at]?.compiled.dependents ?? []) {
      const next = queue[at]?.group.nodes[index];
      if (!next || reachable.has(next) || next.state !== 'waiting' || !isOpenEffect(next)) continue;
      if (!canFinalise(next, reachable)) continue;
      reachable.add(next);
      queue.push(next);
      found.push(next.id);
    }
  }
  return found;
}

function isOpenEffect(node: Node): boolean {
  const { effect, kind } = node.compiled;
  return kind === 'call' && effect !== undefined && isOutside(effect) && !isOver(node.state);
}

/** Everything it reads is there, and what it merely follows is over or an effect in reach. */
function canFinalise(node: Node, reachable: ReadonlySet<Node>): boolean {
  const sibling = (id: string): Node | undefined => {
    const step = node.group.plan.byId.get(id);
    return step && node.group.nodes[step.index];
  };
  const { refersTo, follows, holes } = node.compiled;
  return (
    refersTo.every((id) => {
      const state = sibling(id)?.state;
      return (
        state === 'done' || (state !== undefined && isOver(state) && node.compiled.runsWhenSkipped)
      );
    }) &&
    [...follows, ...holes].every((id) => {
      const other = sibling(id);
      return other !== undefined && (isOver(other.state) || reachable.has(other));
    })
  );
}
