// What the HTTP door answers, as far as the page uses it. Types only.
import type { Json, JsonObject } from '../../../src/base/portable.ts';
import type {
  Assurance,
  Device,
  Effect,
  EffectHash,
  EffectPreview,
  EffectStatus,
  Label,
  Labels,
  Mode,
  Money,
  Receipt,
  Snapshot,
} from '../../../src/contract/portable.ts';

export interface Session {
  readonly signedIn: boolean;
  readonly onboarding?: boolean;
  /** ISO 3166 alpha-2, to choose from; while onboarding only */
  readonly countries?: readonly string[];
  readonly company?: Company | null;
  readonly mode?: Mode;
  readonly incarnation?: number;
  readonly policy?: string;
  readonly device?: Pick<Device, 'id' | 'name' | 'kind' | 'assurance'> | null;
  readonly canSign?: boolean;
  readonly example?: boolean;
  /** where Steward answers */
  readonly origins?: readonly string[];
  readonly now?: string;
}

/** The company was made. `company` is null when this browser could not be signed in. */
export interface Founded {
  readonly home: string;
  /** shown this once */
  readonly recoveryKey: string;
  readonly company: string | null;
  readonly device: string | null;
  readonly signIn: string | null;
}

export interface Company {
  readonly id: string;
  readonly name: string;
  readonly language?: string;
  readonly currency?: string;
  readonly zone?: string;
}

export type ItemKind = 'approval' | 'question' | 'task' | 'conflict' | 'escalation' | 'finding';
export type Risk = 'low' | 'medium' | 'high';

export interface InboxRow {
  readonly id: string;
  readonly kind: ItemKind;
  readonly title: string;
  readonly run: string | null;
  readonly runTitle?: string | null;
  readonly risk: Risk;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly status: 'open' | 'snoozed' | 'closed';
  readonly effects: readonly RowEffect[];
  readonly form?: Json;
}

export interface RowEffect {
  readonly hash: EffectHash;
  readonly step: string;
  readonly status: EffectStatus;
  readonly class: Effect['class'];
  readonly summary: string;
  readonly to: readonly string[];
  readonly amount: Money | null;
}

export interface Card {
  readonly item: InboxRow & {
    readonly body?: Json;
    /** its path in the run: inside a list it tells the items apart */
    readonly step?: string | null;
    readonly snoozedUntil?: string | null;
    readonly snoozedFor?: string | null;
    readonly end?: string | null;
    readonly because?: string | null;
  };
  readonly policy: string;
  readonly mode: Mode;
  readonly effects: readonly CardEffect[];
  readonly run: {
    readonly id: string;
    readonly goal: string;
    readonly title: string | null;
    readonly playbook: string | null;
    readonly snapshot: Snapshot | null;
  } | null;
  readonly doNothing: string;
}

export interface CardEffect {
  readonly hash: EffectHash;
  /** the least assurance of a device that may approve it */
  readonly assurance: Assurance;
  readonly status: EffectStatus;
  /** why it is not going to happen as it was prepared; null while it is */
  readonly because?: string | null;
  /** until when it can be taken back; null when it is not held */
  readonly heldUntil?: string | null;
  /** what has to be answered before it can go out */
  readonly waitsFor?: { readonly item: string; readonly words: string } | null;
  readonly provisional: boolean;
  readonly reasons: readonly string[];
  readonly effect: Effect;
  readonly preview: EffectPreview;
  readonly labels?: Labels;
  /** what it was prepared on */
  readonly snapshot?: Snapshot | null;
  readonly receipt: Receipt | null;
  readonly destinations?: readonly { readonly address: string; readonly count: number }[];
  readonly irreversible?: boolean;
}

export interface Decided {
  readonly item: string;
  readonly run: string | null;
  readonly status: string | null;
  readonly effects: readonly {
    readonly hash: EffectHash;
    readonly status: EffectStatus;
    readonly receipt: Receipt | null;
  }[];
}

export interface Submitted {
  readonly run: string;
  readonly status: string;
  readonly joined: boolean;
  readonly items: readonly InboxRow[];
  readonly words?: string | null;
  readonly failure?: JsonObject | null;
}

export interface RunRow {
  readonly id: string;
  readonly goal: string;
  readonly title: string | null;
  readonly playbook: string | null;
  readonly status: string;
  readonly waitingFor: string | null;
  readonly words?: string | null;
  readonly startedAt: string;
  readonly endedAt?: string | null;
  readonly snapshot: Snapshot | null;
}

/** What a step was given and gave, and every try. */
export interface StepPage extends RunStep {
  readonly input: Json;
  /** why that cannot be worked out again */
  readonly inputFailure: JsonObject | null;
  readonly tries: readonly {
    readonly attempt: number;
    readonly startedAt: string | null;
    readonly endedAt: string | null;
    readonly retryAt: string | null;
    readonly failure: JsonObject | null;
  }[];
}

export interface RunPage extends RunRow {
  readonly input: Json;
  readonly failure: JsonObject | null;
  readonly cost?: { readonly microUsd: number };
  readonly steps: readonly RunStep[];
  readonly ahead: { readonly steps: readonly StepAhead[]; readonly more: number };
  readonly effects: readonly {
    readonly hash: EffectHash;
    readonly step: string;
    readonly status: EffectStatus;
    readonly heldUntil?: string | null;
    readonly undo?: Effect['undo'];
    readonly summary: string;
    readonly receipt: Receipt | null;
  }[];
  readonly items: readonly string[];
  /** why it does not move; null while it does, and when it is over */
  readonly why: {
    readonly words: string;
    readonly item: string | null;
    readonly run: string | null;
  } | null;
  readonly drawing: string | null;
}

export interface RunStep {
  readonly id: string;
  readonly title?: string | null;
  readonly capability: string | null;
  readonly kind?: string;
  readonly status: string;
  readonly attempts: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly error: JsonObject | null;
  readonly waiting?: { readonly for: string; readonly words: string } | null;
  readonly output?: Json;
  readonly because?: string | null;
}

/** A step that has not begun, and why. */
export interface StepAhead {
  readonly id: string;
  readonly title: string | null;
  readonly words: string;
  /** false when the run comes to no further step */
  readonly isComing: boolean;
  /** the steps that have to end first; empty where something else is the reason */
  readonly waitsFor: readonly string[];
}

export interface RecordRow {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly title: string;
  readonly archived: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly fields: JsonObject;
}

export interface RecordTypeInfo {
  readonly type: string;
  readonly title: string;
  readonly fields: readonly FieldInfo[];
}

export interface FieldInfo {
  readonly path: string;
  readonly class?: string;
  readonly type: string;
  readonly optional?: boolean;
  readonly choices?: readonly string[] | null;
  /** why a person may not set it by hand */
  readonly ownOnly?: string | null;
  /** type of record whose id it holds */
  readonly reference?: string | null;
}

export interface HistoryRow {
  readonly seq: number;
  readonly at: string;
  readonly by: string;
  readonly type: string;
  readonly words: string;
  readonly run?: string | null;
  readonly version: number;
  readonly change?: Json;
}

export interface LogEvent {
  readonly seq: number;
  readonly id?: string;
  readonly stream: string;
  readonly type: string;
  /** UTC ms, or a timestamp */
  readonly at: number | string;
  readonly by: string;
  readonly run?: string;
  readonly hash?: string;
  readonly data?: JsonObject;
}

export interface FormField {
  readonly name: string;
  readonly kind: string;
  readonly label?: string;
  readonly help?: string;
  readonly required?: boolean;
  readonly choices?: readonly string[];
  readonly record?: string;
  readonly min?: number;
  readonly max?: number;
  readonly default?: Json;
  /** where its default and its choices came from, where they are not the operator's */
  readonly from?: Label;
}
