import { z } from 'zod';
import { type EffectClass, type Grant, moneySchema } from '../contract/index.ts';
import { normaliseAddress } from './address.ts';
import { compileConstraint } from './constraint.ts';
import { GRANT_MAX_MS } from './grants.ts';
import { hasInvisible } from './visible-text.ts';

/** One fault of a draft, with what to do about it. */
export interface GrantFault {
  readonly path: string;
  readonly fault: string;
}

export type GrantValidation =
  | { readonly status: 'valid'; readonly grant: Grant }
  | { readonly status: 'faulty'; readonly faults: readonly GrantFault[] };

/** Destinations in one grant: more cannot be read before signing. */
const MAX_DESTINATIONS = 200;

const instant = z.iso.datetime({
  precision: 3,
  message: 'Write a UTC time like 2026-11-22T09:00:00.000Z.',
});
const count = z.int().min(1).max(1_000_000);
const period = z.enum(['day', 'week', 'month', 'all']);

const grantSchema = z.strictObject({
  id: z.string().min(1).max(100),
  title: z.string().trim().min(1).max(200),
  scope: z.strictObject({
    capability: z
      .string()
      .regex(/^[a-z][A-Za-z0-9_.-]*@[1-9]\d*$/, 'Name one version, like mail.send@1.'),
    connector: z.string().min(1).max(100),
    destinations: z
      .array(z.string().min(1).max(2_000))
      .min(1, 'Name at least one destination; none means nothing is covered.')
      .max(MAX_DESTINATIONS, `Name at most ${MAX_DESTINATIONS} destinations.`),
    playbooks: z.array(z.string().min(1)).min(1, 'Name a playbook, or leave this out.').optional(),
  }),
  constraint: z.string().optional(),
  limits: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('count'), max: count, per: period }),
        z.strictObject({
          type: z.literal('sum'),
          max: moneySchema.refine((money) => money.minor > 0, 'A sum must be above zero.'),
          per: period,
        }),
        z.strictObject({ type: z.literal('distinct'), max: count, per: period }),
        z.strictObject({ type: z.literal('rate'), minGapMs: z.int().min(1).max(GRANT_MAX_MS) }),
      ]),
    )
    .min(1, 'Set at least one limit.')
    .max(20),
  from: instant,
  until: instant,
  origin: z.enum(['operator', 'proposed']),
  incarnation: z.int().min(0),
  status: z.enum(['active', 'suspended', 'revoked']),
});

/**
 * Reads a draft of a grant and names every fault at once. `classOf` tells the effect class of a
 * capability, so that a grant nobody could use is refused before it is signed.
 */
export function validateGrant(
  draft: unknown,
  classOf: (capability: string) => EffectClass | undefined,
): GrantValidation {
  const read = grantSchema.safeParse(draft);
  if (!read.success) return { status: 'faulty', faults: read.error.issues.map(toFault) };
  const { constraint, scope, ...rest } = read.data;
  const { playbooks, ...fixedScope } = scope;
  const grant: Grant = {
    ...rest,
    scope: playbooks ? { ...fixedScope, playbooks } : fixedScope,
    ...(constraint === undefined ? {} : { constraint }),
  };
  const faults = [
    ...classFaults(grant, classOf),
    ...grant.scope.destinations.flatMap(destinationFaults),
    ...constraintFaults(grant),
    ...lifeFaults(grant),
  ];
  return faults.length === 0 ? { status: 'valid', grant } : { status: 'faulty', faults };
}

function classFaults(
  grant: Grant,
  classOf: (capability: string) => EffectClass | undefined,
): GrantFault[] {
  const path = 'scope.capability';
  const found = classOf(grant.scope.capability);
  switch (found) {
    case 'reversible':
      return [];
    case 'final':
      return grant.origin === 'operator'
        ? []
        : [
            {
              path: 'origin',
              fault: 'What cannot be taken back needs a grant you wrote yourself.',
            },
          ];
    case 'grave':
      return [{ path, fault: 'This is never delegated; you sign it each time.' }];
    case undefined:
      return [{ path, fault: 'There is no such capability; see: steward capabilities' }];
    default:
      return [{ path, fault: 'This needs no grant; it changes nothing outside.' }];
  }
}

function destinationFaults(written: string, index: number): GrantFault[] {
  const path = `scope.destinations.${index}`;
  if (hasInvisible(written)) return [{ path, fault: 'Remove the invisible characters.' }];
  if (written.includes('*')) return [{ path, fault: 'Write each destination out; no * here.' }];
  const normal = normaliseAddress(written);
  if (normal.includes('@') && !normal.includes('://') && /[\s,;<>]/.test(normal)) {
    return [{ path, fault: 'Write one address here, such as zoe@example.com.' }];
  }
  return [];
}

function constraintFaults(grant: Grant): GrantFault[] {
  if (grant.constraint === undefined) return [];
  const compiled = compileConstraint('grant', grant.constraint);
  return compiled.status === 'faulty' ? [{ path: 'constraint', fault: compiled.fault }] : [];
}

function lifeFaults(grant: Grant): GrantFault[] {
  const life = Date.parse(grant.until) - Date.parse(grant.from);
  if (life <= 0) return [{ path: 'until', fault: 'It ends before it starts.' }];
  return life > GRANT_MAX_MS ? [{ path: 'until', fault: 'Set an end within 90 days.' }] : [];
}

function toFault(issue: { path: PropertyKey[]; message: string }): GrantFault {
  return { path: issue.path.map(String).join('.'), fault: issue.message };
}
