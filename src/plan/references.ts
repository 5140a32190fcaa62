import { asBind, asWalk, childrenOf, LANGUAGE_NAMES, type Node } from './cel.ts';

/** One thing that an expression reads: a root (a step's id, `input`, `item`) and a path into it. */
export interface Reference {
  readonly root: string;
  /** dotted, `''` for the whole value; ends where the path is not known before it runs */
  readonly path: string;
  /** only asked whether it is there: `has(...)` */
  readonly presence?: true;
}

/** Everything that a tree reads, each once. Names bound by `map`, `filter` ... and `bind` are its own. */
export function readReferences(tree: Node): readonly Reference[] {
  const found = new Map<string, Reference>();
  collect(tree, new Set(), (reference) => {
    const key = `${reference.root}.${reference.path}`;
    if (!found.has(key) || !reference.presence) found.set(key, reference);
  });
  return [...found.values()];
}

/** `a.b[0]['c']` as a root and a path; undefined for anything else. The rest of the chain may be dynamic. */
export function asPath(
  node: Node,
): { root: string; parts: readonly string[]; exact: boolean } | undefined {
  if (node.op === 'id') return { root: node.args, parts: [], exact: true };
  if (node.op === '.') return extend(node.args[0], node.args[1]);
  if (node.op === '[]') return extend(node.args[0], literalKey(node.args[1]));
  return undefined;
}

function extend(left: Node, key: string | undefined): ReturnType<typeof asPath> {
  const path = asPath(left);
  if (!path) return undefined;
  if (!path.exact || key === undefined) return { ...path, exact: false };
  return { root: path.root, parts: [...path.parts, key], exact: true };
}

/** A list position or a key that can be part of a dotted path. */
function literalKey(node: Node): string | undefined {
  if (node.op !== 'value') return undefined;
  if (typeof node.args === 'bigint' && node.args >= 0n) return String(node.args);
  return typeof node.args === 'string' && /^[^.]+$/.test(node.args) ? node.args : undefined;
}

function collect(
  node: Node,
  bound: ReadonlySet<string>,
  add: (reference: Reference) => void,
): void {
  const path = asPath(node);
  if (path) {
    if (!bound.has(path.root) && !LANGUAGE_NAMES.has(path.root)) {
      add({ root: path.root, path: path.parts.join('.') });
    }
    collectIndexes(node, bound, add);
    return;
  }
  const inside = node.op === 'call' && node.args[0] === 'has' ? node.args[1][0] : undefined;
  const asked = inside && asPath(inside);
  if (asked) {
    if (!bound.has(asked.root))
      add({ root: asked.root, path: asked.parts.join('.'), presence: true });
    return;
  }
  const walk = asWalk(node);
  if (walk) {
    collect(walk.list, bound, add);
    const inner = new Set(bound).add(walk.variable);
    for (const part of walk.body) collect(part, inner, add);
    return;
  }
  const bind = asBind(node);
  if (bind) {
    collect(bind.value, bound, add);
    collect(bind.body, new Set(bound).add(bind.variable), add);
    return;
  }
  for (const child of childrenOf(node)) collect(child, bound, add);
}

/** What stands in the square brackets of a path is read too. */
function collectIndexes(
  node: Node,
  bound: ReadonlySet<string>,
  add: (reference: Reference) => void,
): void {
  if (node.op === '.') collectIndexes(node.args[0], bound, add);
  if (node.op !== '[]') return;
  collectIndexes(node.args[0], bound, add);
  if (node.args[1].op !== 'value') collect(node.args[1], bound, add);
}
