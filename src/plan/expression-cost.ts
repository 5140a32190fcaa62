import { isJsonObject, type Json } from '../base/index.ts';
import { asBind, asWalk, childrenOf, type Node } from './cel.ts';
import { EXPRESSION_LIMITS } from './limits.ts';
import { asPath } from './references.ts';

/** How large a value can be (values and characters), and how many members it has to walk. */
export interface Extent {
  readonly size: number;
  readonly members: number;
}

interface Cost extends Extent {
  readonly work: number;
}

/** Why an evaluation would be too much, in words. */
export type TooMuch = { readonly limit: 'listMembers' | 'work' | 'size'; readonly found: number };

/**
 * Estimates an evaluation from above before it starts, from the real sizes of what it reads. CEL has
 * no loops but `map` and its kin, which do not nest here, so work and size are products that can be
 * known beforehand; nothing has to be interrupted. A walked item counts as the average of its list:
 * the sum over all of them is then exact.
 */
export function costOf(
  tree: Node,
  extentAt: (root: string, path: string) => Extent,
): TooMuch | undefined {
  try {
    const total = estimate(tree, new Map(), extentAt);
    if (total.work > EXPRESSION_LIMITS.work) return { limit: 'work', found: total.work };
    return undefined;
  } catch (tooMuch) {
    if (tooMuch instanceof Excess) return tooMuch.reason;
    throw tooMuch;
  }
}

/** The extent of a JSON value. Stops counting above the limit. */
export function extentOf(value: Json | undefined): Extent {
  const members = Array.isArray(value)
    ? value.length
    : isJsonObject(value)
      ? Object.keys(value).length
      : 0;
  return { size: sizeOf(value, EXPRESSION_LIMITS.size), members };
}

function sizeOf(value: Json | undefined, left: number): number {
  if (typeof value === 'string') return 1 + value.length;
  if (typeof value !== 'object' || value === null) return 1;
  let size = 1;
  for (const member of Array.isArray(value) ? value : Object.values(value)) {
    if (size > left) break;
    size += sizeOf(member, left - size);
  }
  return size;
}

/** Leaves the estimate early: sizes that are added and multiplied further would only overflow. */
class Excess extends Error {
  readonly reason: TooMuch;
  constructor(reason: TooMuch) {
    super(reason.limit);
    this.reason = reason;
  }
}

type Names = ReadonlyMap<string, Extent>;
const ONE: Extent = { size: 1, members: 0 };
const SEARCHES = new Set(['contains', 'indexOf', 'lastIndexOf', 'split', 'startsWith', 'endsWith']);
const MAKES_ONE = new Set([
  'size',
  'sum',
  'has',
  'round',
  'floor',
  'ceil',
  'int',
  'double',
  'bool',
]);
const COMPARISONS = new Set([
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '&&',
  '||',
  '!_',
  '-_',
  '-',
  '*',
  '/',
  '%',
]);

function estimate(
  node: Node,
  names: Names,
  extentAt: (root: string, path: string) => Extent,
): Cost {
  const path = asPath(node);
  if (path) {
    const named = names.get(path.root);
    const extent = named ?? extentAt(path.root, path.parts.join('.'));
    return checked(extent, 1 + path.parts.length);
  }
  const walk = asWalk(node);
  if (walk) return estimateWalk(walk, names, extentAt);
  const bind = asBind(node);
  if (bind) {
    const value = estimate(bind.value, names, extentAt);
    const body = estimate(bind.body, new Map(names).set(bind.variable, value), extentAt);
    return checked(body, value.work + body.work + 1);
  }
  if (node.op === 'value') {
    return checked(
      { size: typeof node.args === 'string' ? 1 + node.args.length : 1, members: 0 },
      1,
    );
  }
  return estimateCall(
    node,
    childrenOf(node).map((child) => estimate(child, names, extentAt)),
  );
}

function estimateWalk(
  walk: NonNullable<ReturnType<typeof asWalk>>,
  names: Names,
  extentAt: (root: string, path: string) => Extent,
): Cost {
  const list = estimate(walk.list, names, extentAt);
  const count = list.members;
  if (count > EXPRESSION_LIMITS.listMembers)
    throw new Excess({ limit: 'listMembers', found: count });
  const share = list.size / Math.max(1, count);
  const inner = new Map(names).set(walk.variable, { size: share, members: share });
  const body = walk.body.map((part) => estimate(part, inner, extentAt));
  const work = list.work + count * body.reduce((sum, part) => sum + part.work + 1, 2);
  if (walk.name === 'filter') return checked(list, work);
  if (walk.name !== 'map') return checked(ONE, work);
  const made = body.at(-1)?.size ?? 1;
  return checked({ size: 1 + count * made, members: count }, work);
}

function estimateCall(node: Node, parts: readonly Cost[]): Cost {
  const work = parts.reduce((sum, part) => sum + part.work, 1);
  const size = parts.reduce((sum, part) => sum + part.size, 1);
  const members = parts.reduce((sum, part) => sum + part.members, 0);
  const name = node.op === 'call' || node.op === 'rcall' ? node.args[0] : node.op;
  if (name === '?:') {
    const [, left = ONE, right = ONE] = parts;
    const larger = {
      size: Math.max(left.size, right.size),
      members: Math.max(left.members, right.members),
    };
    return checked(larger, work);
  }
  if (node.op === 'list') return checked({ size, members: parts.length }, work);
  if (node.op === 'map') return checked({ size, members: parts.length / 2 }, work);
  if (SEARCHES.has(name)) {
    const [left = ONE, right = ONE] = parts;
    const searching = size + (left.size * right.size) / 1_000; // its worst case is the product
    return name === 'split'
      ? checked({ size: 2 * left.size, members: left.size }, work + searching)
      : checked(ONE, work + searching);
  }
  if (name === 'join') {
    const [list = ONE, separator = ONE] = parts;
    return checked({ size: list.size + list.members * separator.size, members: 0 }, work + size);
  }
  if (name === 'in' || COMPARISONS.has(name) || MAKES_ONE.has(name))
    return checked(ONE, work + size);
  if (name === '[]' || name === '.') return checked(parts[0] ?? ONE, work);
  return checked({ size, members }, work + size);
}

function checked(extent: Extent, work: number): Cost {
  if (extent.size > EXPRESSION_LIMITS.size) throw new Excess({ limit: 'size', found: extent.size });
  return { size: extent.size, members: extent.members, work };
}
