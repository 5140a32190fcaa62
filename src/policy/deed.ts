import type {
  CapabilityRef,
  EffectArgument,
  EffectClass,
  Label,
  Labels,
  Mode,
  Money,
} from '../contract/index.ts';
import {
  ARGUMENT_ROLES,
  EFFECT_CLASSES,
  INTEGRITIES,
  joinLabels,
  labelOfAll,
  labelWithin,
  PLACEMENTS,
} from '../contract/index.ts';

/** What policy looks at. An `Effect` is one; so is a read or a record change that has no effect. */
export interface Deed {
  readonly class: EffectClass;
  readonly capability: CapabilityRef;
  readonly mode: Mode;
  /** as people write it; hosts or URLs for `fetch`; empty for our own books */
  readonly to: readonly string[];
  readonly amount: Money | null;
  readonly arguments: readonly EffectArgument[];
  readonly connector?: string;
  readonly incarnation?: number;
}

/**
 * The label of every argument: the weaker of what the deed says and what the plan knows, so a
 * connector that paints its arguments clean gains nothing.
 */
export function argumentLabel(argument: EffectArgument, labels: Labels): Label {
  return joinLabels(argument.label, labelWithin(labels, argument.path));
}

/** Arguments that decide something: all but content. */
export function steeringArguments(deed: Deed): readonly EffectArgument[] {
  return deed.arguments.filter((argument) => argument.role !== 'content');
}

/** The weakest label of what steers the deed, the decision to act (`act`) included. */
export function steeringLabel(deed: Deed, labels: Labels, act: Label): Label {
  return steeringArguments(deed)
    .map((argument) => argumentLabel(argument, labels))
    .reduce(joinLabels, act);
}

/** The weakest label of everything in the deed, content included. */
export function wholeLabel(deed: Deed, labels: Labels, act: Label): Label {
  return deed.arguments
    .map((argument) => argument.label)
    .reduce(joinLabels, joinLabels(act, labelOfAll(labels)));
}

const MODES: readonly unknown[] = ['live', 'sandbox', 'off'];
const CLASSES: readonly unknown[] = EFFECT_CLASSES;
const ROLES: readonly unknown[] = ARGUMENT_ROLES;
const INTEGRITY_NAMES: readonly unknown[] = INTEGRITIES;
const PLACEMENT_NAMES: readonly unknown[] = PLACEMENTS;

/** What makes a deed or its labels unknown to policy, in one sentence; undefined if nothing does. */
export function unknownPart(deed: Deed, labels: Labels, act: Label): string | undefined {
  if (!CLASSES.includes(deed.class)) return `The effect class "${String(deed.class)}" is unknown.`;
  if (!MODES.includes(deed.mode)) return `The mode "${String(deed.mode)}" is unknown.`;
  if (typeof deed.capability !== 'string' || deed.capability === '') {
    return 'It does not say which capability it uses.';
  }
  if (!deed.to.every((address) => typeof address === 'string')) {
    return 'A destination is not readable.';
  }
  if (!isAmount(deed.amount)) return 'The amount is not readable.';
  for (const argument of deed.arguments) {
    if (!ROLES.includes(argument.role)) {
      return `The role "${String(argument.role)}" of "${argument.path}" is unknown.`;
    }
    if (!isLabel(argument.label)) return `Where "${argument.path}" came from is unknown.`;
  }
  const ofPlan = [act, labels.base, ...Object.values(labels.at ?? {})];
  return ofPlan.every(isLabel) ? undefined : 'Where its values came from is unknown.';
}

function isLabel(label: Label | undefined): boolean {
  return INTEGRITY_NAMES.includes(label?.integrity) && PLACEMENT_NAMES.includes(label?.placement);
}

function isAmount(amount: Money | null): boolean {
  if (amount === null) return true;
  return Number.isSafeInteger(amount.minor) && typeof amount.currency === 'string';
}
