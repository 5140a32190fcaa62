import type { z } from 'zod';
import type { FailureCode } from './failure.ts';
import type { Placement } from './label.ts';

/** What a capability can do to the world, from nothing to everything (DESIGN section 8). */
export const EFFECT_CLASSES = [
  'pure',
  'read',
  'fetch',
  'record',
  'reversible',
  'final',
  'grave',
] as const;
export type EffectClass = (typeof EFFECT_CLASSES)[number];

/**
 * What an argument decides. All but `content` steer the effect: below `own` they split it out of its
 * card and block grants. `content` is only highlighted.
 */
export const ARGUMENT_ROLES = [
  'destination',
  'amount',
  'account',
  'target',
  'decision',
  'content',
] as const;
export type ArgumentRole = (typeof ARGUMENT_ROLES)[number];

/** How often the runner tries again after a failure of this code. */
export interface RetryRule {
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** The promise of something that can be asked for. Ours, pinned; never what a remote server claims. */
export interface CapabilityContract {
  /** `noun.verb` */
  readonly name: string;
  readonly version: number;
  /** one plain sentence: what it does */
  readonly title: string;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  readonly effect: EffectClass;
  /** the connector that commits it; only with an effect class from `reversible` on */
  readonly connector?: string;
  /** by dotted path into the input */
  readonly roles: { readonly [path: string]: ArgumentRole };
  /** `idempotent`: may be repeated freely. `keyed`: the key makes it so. `once`: ask before repeating */
  readonly idempotency: 'idempotent' | 'keyed' | 'once';
  /** the failures it may answer with; one that is not listed is a defect and is not retried */
  readonly failures: { readonly [Code in FailureCode]?: RetryRule | 'never' };
  /**
   * fields of records it may see, by record type. `'*'` stands for all but `secret` ones, and but
   * `personal` ones where the capability hands its input on (placement other than `this-machine`)
   */
  readonly reads: { readonly [recordType: string]: readonly string[] | '*' };
  readonly timeoutMs: number;
  readonly cost: { readonly microUsd: number; readonly latencyMs: number };
  /** where its input may be handed to */
  readonly placement: Placement;
  /** at most this many starts per `perMs`, over the whole company */
  readonly rate?: { readonly starts: number; readonly perMs: number };
}

/** `mail.send@1` */
export type CapabilityRef = string;

/** Every call asks for it: the text is made once per contract. */
export function capabilityRef(contract: {
  readonly name: string;
  readonly version: number;
}): CapabilityRef {
  let ref = refs.get(contract);
  if (ref === undefined) {
    ref = `${contract.name}@${contract.version}`;
    refs.set(contract, ref);
  }
  return ref;
}

const refs = new WeakMap<object, CapabilityRef>();

/** True from `reversible` on: it reaches outside, so it needs an effect and a decision. */
export function isOutside(effect: EffectClass): boolean {
  return EFFECT_CLASSES.indexOf(effect) >= EFFECT_CLASSES.indexOf('reversible');
}
