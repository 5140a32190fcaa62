import type { Id, Json } from '../../base/index.ts';
import type { SignedDecision } from '../../contract/index.ts';
import type { ActKind } from '../../contract/portable.ts';
import type { Policy, PolicyChange } from '../../policy/index.ts';
import type { DeviceRow } from '../folds.ts';
import { finishErasures, previewErasure } from './erase/erase-subject.ts';
import type { ErasurePreview } from './erase/erasure-preview.ts';
import { type GrantView, listDevices, listGrants } from './list-trust.ts';
import { type ModeNow, modeNow } from './modes.ts';
import { acceptSigned, type Performed, performAct } from './perform-act.ts';
import {
  backTestPolicy,
  type PolicyBackTest,
  policyChanges,
  policyHistory,
  policyOfVersion,
} from './policies.ts';
import { type ActPorts, type ProposedAct, proposeAct } from './propose-act.ts';
import { raiseIncarnation, stopCommits } from './raise-incarnation.ts';
import { suspendChangedGrants } from './suspend-grants.ts';
import type { PolicyVersionRow } from './trust-folds.ts';

/** Who may let what happen: acts that are signed, and what they led to. */
export interface Trust {
  readonly propose: (kind: ActKind, body: Json) => Promise<ProposedAct>;
  /** Whether `perform` would take it now: for what has to be kept before. Fails as `perform` does. */
  readonly check: (kind: ActKind, body: Json, signed: SignedDecision) => Promise<void>;
  /** Fails as `proposeAct` and `checkDecision` do. */
  readonly perform: (kind: ActKind, body: Json, signed: SignedDecision) => Promise<Performed>;
  /** What erasing a person would do. Fails with `not_found`, `not_possible`, `too_large`. */
  readonly previewErasure: (subject: Id) => Promise<ErasurePreview>;
  /** goes on with erasures that a crash interrupted */
  readonly finishErasures: () => Promise<number>;
  readonly grants: () => Promise<readonly GrantView[]>;
  readonly devices: () => Promise<readonly DeviceRow[]>;
  readonly policies: () => Promise<readonly PolicyVersionRow[]>;
  readonly policyOfVersion: (version: string) => Promise<Policy>;
  readonly policyChanges: (after: Policy) => Promise<readonly PolicyChange[]>;
  /** `newest`: at most so many effects are judged; there is a limit without it too */
  readonly backTest: (
    after: Policy,
    options?: { readonly sinceSeq?: number; readonly newest?: number },
  ) => Promise<PolicyBackTest>;
  readonly modeOf: (connector: string) => Promise<ModeNow>;
  readonly stop: (because: string, by: string) => Promise<void>;
  /** for a restore, before anything runs */
  readonly raiseIncarnation: (because: string) => Promise<number>;
  /** what a new version of the program changed under grants that were signed before */
  readonly suspendChangedGrants: () => Promise<number>;
}

export interface TrustPorts extends ActPorts {
  /** a run must look again: what it relied on is gone */
  readonly wake: (run: Id) => void;
}

export function createTrust(ports: TrustPorts): Trust {
  return {
    propose: (kind, body) => proposeAct(ports, kind, body),
    check: async (kind, body, signed) => {
      await acceptSigned(ports, { kind, body, signed });
    },
    perform: async (kind, body, signed) => {
      const performed = await performAct(ports, { kind, body, signed });
      for (const run of performed.runs) ports.wake(run);
      return performed;
    },
    previewErasure: (subject) => previewErasure(ports, subject),
    finishErasures: () => finishErasures(ports),
    grants: () => listGrants(ports),
    devices: () => listDevices(ports),
    policies: () => policyHistory(ports),
    policyOfVersion: (version) => policyOfVersion(ports, version),
    policyChanges: (after) => policyChanges(ports, after),
    backTest: (after, options) => backTestPolicy(ports, after, options),
    modeOf: (connector) => modeNow(ports.log, connector),
    stop: (because, by) => stopCommits(ports, because, by),
    raiseIncarnation: async (because) => {
      const { incarnation, runs } = await raiseIncarnation(ports, because);
      for (const run of runs) ports.wake(run);
      return incarnation;
    },
    suspendChangedGrants: () => suspendChangedGrants(ports),
  };
}
