import type { CompiledPlan, CompiledStep } from './compile.ts';

/** One step in the drawing: its row from the top and how deep it is nested. */
export interface Row {
  /** `mails/send` */
  readonly id: string;
  readonly step: CompiledStep;
  readonly depth: number;
}

/** A line from one row to a later one, on the lane at its left; -1 for the next row, straight down. */
export interface Line {
  readonly from: number;
  readonly to: number;
  readonly lane: number;
  /** data flows along it; otherwise it is only order */
  readonly refers: boolean;
}

export interface Layout {
  readonly rows: readonly Row[];
  readonly lines: readonly Line[];
  readonly lanes: number;
}

/** Above this only direct lines are drawn as they are: reduction is quadratic in memory. */
const REDUCED_STEPS = 500;
/** Lanes at most; further lines share the last one. 6 lanes leave room for words at 320 pixels. */
const LANES = 6;

/**
 * One step per row, so that any plan can be read on a narrow screen: steps in an order in which each
 * stands below what it waits for, inner steps under their parent, and lines in lanes at the left. What
 * follows from other lines is left out.
 */
export function layoutPlan(plan: CompiledPlan): Layout {
  const rows: Row[] = [];
  const edges: { from: number; to: number; refers: boolean }[] = [];
  place(plan, '', 0, rows, edges);
  const { lines, lanes } = assignLanes(edges);
  return { rows, lines, lanes };
}

function place(
  plan: CompiledPlan,
  prefix: string,
  depth: number,
  rows: Row[],
  edges: { from: number; to: number; refers: boolean }[],
): void {
  const rowById = new Map<string, number>();
  for (const index of plan.order) {
    const step = plan.steps[index];
    if (!step) continue;
    rowById.set(step.id, rows.length);
    rows.push({ id: prefix + step.id, step, depth });
    for (const body of [step.body, step.catchBody]) {
      if (body) place(body, `${prefix}${step.id}/`, depth + 1, rows, edges);
    }
  }
  const ancestors = plan.steps.length <= REDUCED_STEPS ? ancestorsOf(plan) : undefined;
  for (const step of plan.steps) {
    const to = rowById.get(step.id);
    if (to === undefined) continue;
    const needed = step.dependsOn.filter(
      (id) => !step.dependsOn.some((other) => ancestors?.get(other)?.has(id)),
    );
    for (const id of needed) {
      const from = rowById.get(id);
      if (from !== undefined) edges.push({ from, to, refers: step.refersTo.includes(id) });
    }
  }
}

/** Everything that each step waits for, directly or through others. */
function ancestorsOf(plan: CompiledPlan): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const index of plan.order) {
    const step = plan.steps[index];
    if (!step) continue;
    const all = new Set<string>();
    for (const id of step.dependsOn) {
      all.add(id);
      for (const further of found.get(id) ?? []) all.add(further);
    }
    found.set(step.id, all);
  }
  return found;
}

/** Lines from one step share its lane; a lane is free again below its last line. */
function assignLanes(edges: readonly { from: number; to: number; refers: boolean }[]): {
  lines: readonly Line[];
  lanes: number;
} {
  const lastRow = new Map<number, number>();
  for (const { from, to } of edges)
    if (to > from + 1) lastRow.set(from, Math.max(lastRow.get(from) ?? 0, to));
  const busyUntil: number[] = [];
  const laneOf = new Map<number, number>();
  for (const [from, until] of [...lastRow].sort((a, b) => a[0] - b[0])) {
    const free = busyUntil.findIndex((row) => row <= from);
    const lane = Math.min(free >= 0 ? free : busyUntil.length, LANES - 1);
    busyUntil[lane] = Math.max(busyUntil[lane] ?? 0, until);
    laneOf.set(from, lane);
  }
  const lines = edges.map((edge) => ({
    ...edge,
    lane: edge.to === edge.from + 1 ? -1 : (laneOf.get(edge.from) ?? 0),
  }));
  return { lines, lanes: busyUntil.length };
}
