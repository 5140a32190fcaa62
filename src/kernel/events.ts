import type { Id, Json, JsonObject } from '../base/index.ts';
import {
  type Device,
  type Effect,
  type EffectHash,
  type EffectKey,
  type EffectPreview,
  type FailureData,
  type Label,
  type Labels,
  type Mode,
  type NewEvent,
  OWN,
  type Receipt,
  type SignedDecision,
  type Snapshot,
  type StoredEvent,
} from '../contract/index.ts';
import type { InputPart } from '../plan/index.ts';
import type { HookEvents } from './hooks/events.ts';
import type { JudgedOn, TrustEvents } from './trust/events.ts';

/** What a `repeat` repeats until was not true after any of its rounds. */
export interface Unmet {
  readonly rounds: number;
  /** the text of the condition */
  readonly until: string;
}

/** Every fact that the kernel writes, by type. Records and packs have their own. */
export interface KernelEvents extends TrustEvents, HookEvents {
  // run/<id>
  'intent.recorded': {
    readonly words: string;
    readonly input?: JsonObject;
    readonly playbook?: string;
    readonly queue: Queue;
    /** the cancelled run whose effects this one takes back */
    readonly compensates?: Id;
    /** run whose goal this repeats on purpose, or that it was forked from */
    readonly forkOf?: { readonly run: Id; readonly step: string };
  };
  'plan.decided': {
    /** `invoice-month@1`; absent for a plan that was composed for this run */
    readonly playbook?: string;
    /** inline only where no playbook holds it */
    readonly plan?: JsonObject;
    readonly title: string;
    readonly input: JsonObject;
    readonly inputLabels: Labels;
    readonly because: readonly string[];
    readonly snapshot: Snapshot;
  };
  'run.claimed': { readonly epoch: number; readonly worker: string; readonly until: number };
  'run.waiting': { readonly for: WaitReason; readonly words: string };
  'run.resumed': { readonly because: string };
  'run.parked': { readonly because: string };
  'run.cancelling': { readonly because: string };
  'run.compensating': {
    /** the run that takes effects back, last one first */
    readonly by: Id;
    readonly steps: readonly string[];
    /** what nothing can take back, in plain words */
    readonly stays: readonly string[];
  };
  'run.finished': {
    readonly status: 'done' | 'failed' | 'cancelled';
    readonly output?: Json;
    readonly failure?: FailureData;
  };
  'run.migrated': { readonly playbook: string; readonly from: string };
  'step.started': { readonly step: string; readonly attempt: number };
  'step.completed': {
    readonly step: string;
    readonly output: Json;
    readonly labels?: Labels;
    /** `inputPrint` of what a live step was given; absent for pure ones and in older logs */
    readonly given?: string;
    /** it read records as they were once this event had happened; absent where it read none */
    readonly readAt?: number;
    /** of a `repeat` that stopped at its bound, its condition never true; older logs do not say it */
    readonly unmet?: Unmet;
    /** the run that did it, for a step that a fork took over */
    readonly taken?: Taken;
  };
  'step.failed': {
    readonly step: string;
    readonly attempt: number;
    readonly failure: FailureData;
    /** UTC ms of the next try; absent when there is none */
    readonly retryAt?: number;
    /** as of `step.completed` */
    readonly given?: string;
    readonly readAt?: number;
  };
  'step.waiting': {
    readonly step: string;
    readonly for: WaitReason;
    readonly words: string;
    /** UTC ms */
    readonly until?: number;
    readonly event?: {
      readonly type: string;
      readonly match?: readonly [string, Json] /** as for `step.completed` */;
      readonly readAt?: number;
    };
    readonly lock?: string;
    /** `inputPrint` of form, facts and help of a question; absent in older logs */
    readonly given?: string;
  };
  'wait.ended': {
    readonly step: string;
    readonly how: 'event' | 'time' | 'answer' | 'approval' | 'cancel' | 'lock';
  };
  /** the keys are held by this step from now on */
  'lock.taken': { readonly step: string; readonly keys: readonly string[] };
  'lock.released': { readonly step: string };
  'step.expanded': {
    readonly step: string;
    /** of an `each` */
    readonly items?: Json;
    /** of a `repeat`, from 1 */
    readonly round?: number;
    /** of a `play`, with its input */
    readonly playbook?: string;
    readonly input?: JsonObject;
    /** of an `expand` */
    readonly plan?: JsonObject;
    /** the failure that a `catch` deals with */
    readonly catches?: JsonObject;
    /** what its steps leave stands for the step; absent in older logs, which look at the plan again */
    readonly instead?: true;
    /** as for `step.completed` */
    readonly readAt?: number;
    readonly labels?: Labels;
    readonly taken?: Taken;
  };
  'step.skipped': { readonly step: string; readonly because: string; readonly taken?: Taken };
  'step.denied': { readonly step: string; readonly because: string };
  /** the operator's own input for the next try */
  'step.fixed': {
    readonly step: string;
    /** an object, or a list where the step takes one */
    readonly input: Json;
    /** what it replaces; absent in older logs, where only calls took it */
    readonly of?: InputPart;
    /** absent in older logs, where all of it counted as typed by the operator */
    readonly labels?: Labels;
  };
  'step.cancelled': { readonly step: string };
  'step.compensated': { readonly step: string; readonly words: string };
  /** what would take a step's effect back; known before the effect begins */
  'compensation.registered': {
    readonly step: string;
    readonly call?: string;
    readonly with?: JsonObject;
    /** why nothing can */
    readonly impossible?: string;
  };
  // effect/<key>
  'effect.finalised': {
    readonly effect: Effect;
    readonly hash: EffectHash;
    readonly preview: EffectPreview;
    readonly output: Json;
    readonly input: JsonObject;
    readonly inputLabels: Labels;
    readonly item: Id;
    readonly reasons: readonly string[];
    readonly edits?: { readonly [path: string]: Json };
    /** what the words of whoever edited are worth, where that is less than the operator's */
    readonly editsLabel?: Label;
    /** what to judge it by again when it is committed */
    readonly on: JudgedOn;
    /** what it was prepared on; absent in what an older Steward prepared */
    readonly snapshot?: Snapshot;
  };
  'effect.approved': {
    readonly hash: EffectHash;
    readonly approval?: Id;
    readonly grant?: Id;
    /** stream versions that must still hold when it is committed */
    readonly holds: readonly { readonly stream: string; readonly version: number }[];
  };
  'effect.held': { readonly until: number };
  'effect.committing': {
    readonly hash: EffectHash;
    readonly attempt: number;
    readonly capability: string;
  };
  'effect.committed': { readonly receipt: Receipt; readonly to: readonly string[] };
  'effect.failed': { readonly failure: FailureData; readonly retryAt?: number };
  'effect.unknown': { readonly message: string };
  'effect.rejected': { readonly reason: string };
  'effect.denied': { readonly reasons: readonly string[] };
  'effect.expired': { readonly at: number };
  'effect.stale': { readonly because: string };
  'effect.withdrawn': { readonly because: string };
  'effect.superseded': { readonly by: EffectKey };
  'effect.undone': { readonly by: EffectKey };
  // item/<id>
  'item.opened': {
    readonly kind: ItemKind;
    readonly title: string;
    readonly run?: Id;
    readonly step?: string;
    readonly effects: readonly EffectKey[];
    readonly risk: Risk;
    /** typed fields of a question or task */
    readonly form?: Json;
    readonly body?: Json;
    readonly expiresAt?: number;
  };
  'item.changed': {
    readonly effects: readonly EffectKey[];
    readonly title: string;
    readonly risk: Risk;
  };
  'item.snoozed': { readonly until?: number; readonly event?: string };
  'item.woken': { readonly because: string };
  'item.closed': {
    readonly how: ItemEnd;
    readonly by: string;
    readonly answer?: Json;
    /** why, where `how` does not say it */
    readonly because?: string;
  };
  // approval/<id>
  'approval.recorded': {
    readonly signed: JsonObject;
    readonly assurance: string;
    readonly item?: Id;
    /** kind of the act, where it is no effect */
    readonly act?: string;
  };
  // device/<id>
  'device.enrolled': { readonly device: JsonObject; readonly by: string };
  'device.revoked': { readonly by: string };
  // enrolment/first
  /** a device came in by its link alone; it stands there once, so only one ever does */
  'enrolment.claimed': { readonly device: Id };
  // series/<name>
  'number.reserved': { readonly number: number; readonly key: EffectKey; readonly until: number };
  'number.used': { readonly number: number; readonly key: EffectKey };
  'number.released': { readonly number: number; readonly key: EffectKey };
  // control
  'company.opened': {
    readonly mode: Mode;
    readonly incarnation: number;
    /** public half of the recovery key, base64url */
    readonly recovery?: string;
    /** public half of the key that signs checkpoints, base64url */
    readonly logKey?: string;
    /** made to try things out: its first sign-in may enrol a device without being asked */
    readonly example?: boolean;
  };
  'mode.changed': { readonly mode: Mode };
  'incarnation.raised': { readonly incarnation: number; readonly because: string };
  'commits.stopped': { readonly because: string };
  'commits.resumed': { readonly because: string };
  'policy.changed': { readonly policy: JsonObject; readonly because: string };
  // conflict/<item id>
  /** the change that came second: kept apart from its item, so that no fold holds its values */
  'conflict.recorded': {
    readonly record: string;
    readonly id: Id;
    /** the version that it was made on */
    readonly base: number;
    readonly set: readonly { readonly path: string; readonly value: Json }[];
    readonly unset: readonly string[];
    readonly by: string;
    readonly label: Label;
  };
  // playbook/<name>
  'playbook.published': { readonly playbook: JsonObject; readonly because: string };
  'playbook.rolled-back': { readonly to: number; readonly because: string };
  // schedule/<id>
  'schedule.set': {
    readonly schedule: JsonObject;
    /** UTC ms of its first intended time */
    readonly next: number;
  };
  'schedule.fired': {
    /** UTC ms of the time it was meant for: the same one never fires twice */
    readonly intended: number;
    readonly run?: Id;
    readonly outcome: string;
    /** UTC ms of the next intended time; null when there is none */
    readonly next: number | null;
  };
  'schedule.removed': { readonly because: string };
}

/** Where a step's result comes from that was not worked out in this run. */
export interface Taken {
  readonly run: Id;
  readonly seq: number;
}

export type Queue = 'now' | 'soon' | 'cheap';
export type WaitReason =
  | 'approval'
  | 'answer'
  | 'event'
  | 'time'
  | 'lock'
  | 'rate'
  | 'retry'
  | 'window'
  | 'undo';
export type ItemKind = 'approval' | 'question' | 'task' | 'conflict' | 'escalation' | 'finding';
export type Risk = 'low' | 'medium' | 'high';
export type ItemEnd =
  | 'approved'
  | 'rejected'
  | 'answered'
  | 'withdrawn'
  | 'expired'
  | 'resolved'
  /** what it showed cannot be prepared again; a task says why */
  | 'stale';

export type KernelEventType = keyof KernelEvents;

/** A stored event of the kernel, with its data typed. */
export type KernelEvent = {
  readonly [T in KernelEventType]: Omit<StoredEvent, 'type' | 'data'> & {
    readonly type: T;
    readonly data: KernelEvents[T];
  };
}[KernelEventType];

/** Why the cast holds: only this module's `fact` writes these types, and upcasting keeps the shape. */
export function asKernelEvent(event: StoredEvent): KernelEvent {
  return event as unknown as KernelEvent;
}

export interface FactOptions {
  readonly by?: string;
  readonly label?: Label;
  readonly run?: Id;
  readonly cause?: Id;
}

/** A new kernel fact; `by` is the kernel unless somebody else stands behind it. */
export function fact<T extends KernelEventType>(
  type: T,
  data: KernelEvents[T],
  { by = 'kernel', label = OWN, run, cause }: FactOptions = {},
): NewEvent {
  return {
    type,
    // KernelEvents holds plain JSON only; interfaces lack the index signature that Json asks for.
    data: data as unknown as JsonObject,
    by,
    label,
    ...(run === undefined ? {} : { run }),
    ...(cause === undefined ? {} : { cause }),
  };
}

export type { Device, SignedDecision };
