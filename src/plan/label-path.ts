import { isTrusted, joinLabels, type Label, type Labels, labelAt } from '../contract/index.ts';

export { labelWithin as labelOfPath } from '../contract/index.ts';

/** The labels of the value at a path, with paths from there. */
export function labelsUnder(labels: Labels, path: string): Labels {
  if (path === '' || !labels.at) return path === '' ? labels : { base: labels.base };
  const below = `${path}.`;
  const at: Record<string, Label> = {};
  for (const [inner, label] of Object.entries(labels.at)) {
    if (inner.startsWith(below)) at[inner.slice(below.length)] = label;
  }
  const base = labelAt(labels, path);
  return Object.keys(at).length > 0 ? { base, at } : { base };
}

/** Every label of a value changed in the same way. */
export function mapLabels(labels: Labels, change: (label: Label) => Label): Labels {
  const base = change(labels.base);
  if (!labels.at) return { base };
  return {
    base,
    at: Object.fromEntries(Object.entries(labels.at).map(([path, label]) => [path, change(label)])),
  };
}

/**
 * What a value is worth after a plan with label `own` has only passed it on. A plan that is trusted
 * changes nothing (what the operator typed stays what the operator typed); any other plan chose what
 * to read, so the value is worth no more than the plan.
 */
export function passedOn(label: Label, own: Label): Label {
  const joined = joinLabels(label, own);
  return isTrusted(own) ? { ...joined, integrity: label.integrity } : joined;
}

/** A value found by a key: the weaker of both, and marked as chosen when the key was not trusted. */
export function lookedUp(field: Label, key: Label): Label {
  const joined = joinLabels(field, key);
  return isTrusted(key) ? joined : { ...joined, selected: true };
}

export function sameLabel(a: Label, b: Label): boolean {
  return a.integrity === b.integrity && a.placement === b.placement && a.selected === b.selected;
}
