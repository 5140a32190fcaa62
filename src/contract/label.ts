/**
 * Where a value came from. `operator`: typed at an enrolled device. `own`: made by our own records
 * and code. `counterparty`: written by somebody we deal with. `public`: anybody.
 */
export const INTEGRITIES = ['public', 'counterparty', 'own', 'operator'] as const;
export type Integrity = (typeof INTEGRITIES)[number];

/** Where a value may go, from free to bound. */
export const PLACEMENTS = ['anywhere', 'no-cloud', 'this-machine'] as const;
export type Placement = (typeof PLACEMENTS)[number];

export interface Label {
  readonly integrity: Integrity;
  readonly placement: Placement;
  /** The record was looked up by an untrusted key: its fields are clean, the choice of it is not. */
  readonly selected?: true;
}

/** One label for a whole value, and others for single fields of it (dotted paths, deepest wins). */
export interface Labels {
  readonly base: Label;
  readonly at?: { readonly [path: string]: Label };
}

/** A value and where it came from. What flows through plans, capabilities and memory has this shape. */
export interface Labelled<T> {
  readonly value: T;
  readonly labels: Labels;
}

export const OPERATOR: Label = { integrity: 'operator', placement: 'anywhere' };
export const OWN: Label = { integrity: 'own', placement: 'anywhere' };
export const COUNTERPARTY: Label = { integrity: 'counterparty', placement: 'anywhere' };
export const PUBLIC: Label = { integrity: 'public', placement: 'anywhere' };

/** The weaker integrity, the tighter placement, and any selection: what a mix of both is worth. */
export function joinLabels(a: Label, b: Label): Label {
  if (isSame(a, b)) return a;
  const integrity =
    INTEGRITIES.indexOf(a.integrity) <= INTEGRITIES.indexOf(b.integrity)
      ? a.integrity
      : b.integrity;
  const placement =
    PLACEMENTS.indexOf(a.placement) >= PLACEMENTS.indexOf(b.placement) ? a.placement : b.placement;
  return a.selected || b.selected
    ? { integrity, placement, selected: true }
    : { integrity, placement };
}

function isSame(a: Label, b: Label): boolean {
  return a.integrity === b.integrity && a.placement === b.placement && a.selected === b.selected;
}

/** True for a value that may decide a destination, an amount, an account, a target or an act. */
export function isTrusted(label: Label): boolean {
  return !label.selected && INTEGRITIES.indexOf(label.integrity) >= INTEGRITIES.indexOf('own');
}

/** The label of the field at `path`: that of the deepest labelled ancestor, else the base. */
export function labelAt(labels: Labels, path: string): Label {
  const at = labels.at;
  if (!at) return labels.base;
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length--) {
    const label = at[parts.slice(0, length).join('.')];
    if (label) return label;
  }
  return labels.base;
}

/** The label of everything at and below a path: what reading that path is worth. */
export function labelWithin(labels: Labels, path: string): Label {
  if (!labels.at) return labels.base;
  let label = path === '' ? labels.base : labelAt(labels, path);
  const below = `${path}.`;
  for (const [at, inner] of Object.entries(labels.at)) {
    if (path === '' || at.startsWith(below)) label = joinLabels(label, inner);
  }
  return label;
}

/** The label of a whole value: the join of its base with every field's. */
export function labelOfAll(labels: Labels): Label {
  return Object.values(labels.at ?? {}).reduce(joinLabels, labels.base);
}
