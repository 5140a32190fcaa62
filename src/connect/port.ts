import type { Id, Json, JsonObject } from '../base/index.ts';
import type {
  CapabilityContract,
  CarriedChange,
  Effect,
  EffectKey,
  EffectPart,
  EffectPreview,
  FailureCode,
  Labelled,
  Mode,
  Money,
  Precondition,
  Receipt,
} from '../contract/index.ts';
import type { Egress } from './egress.ts';
import type { WebhookScheme } from './webhook.ts';

/** An adapter to an outside system. Agents never hold one: only `kernel/effects` calls `commit`. */
export interface Connector {
  readonly name: string;
  readonly version: number;
  readonly contracts: readonly CapabilityContract[];
  /**
   * the only hosts it speaks to: `api.example.com`, `*.example.com`, with `:8443` for another port; none
   * for a connector that stays on this machine
   */
  readonly hosts?: readonly string[];
  /** how its provider signs what it sends to the hook of this connector's name */
  readonly webhooks?: WebhookScheme;
  /** The exact bytes that `commit` would send, and how to show them. Changes nothing outside. */
  readonly finalise: (request: EffectRequest, ports: FinalisePorts) => Promise<Finalised>;
  /** Does it at most once per key; a repeat returns the first receipt. */
  readonly commit: (effect: Effect, ports: CommitPorts) => Promise<Outcome>;
  /** Finds out what became of a key after a crash or a timeout. Changes nothing outside. */
  readonly probe: (effect: Effect, ports: CommitPorts) => Promise<Probe>;
  /**
   * The capability and input that take an effect back; undefined where nothing can. Asked before the
   * commit too, then without a receipt: provider ids follow from the key.
   */
  readonly undo?: (
    effect: Effect,
    receipt?: Receipt,
  ) => { readonly capability: string; readonly input: JsonObject } | undefined;
}

export interface EffectRequest {
  readonly contract: CapabilityContract;
  readonly key: EffectKey;
  readonly mode: Exclude<Mode, 'off'>;
  readonly run: Id;
  readonly step: string;
  readonly input: Labelled<JsonObject>;
  /** UTC milliseconds; becomes the Date inside the bytes */
  readonly nowMs: number;
}

/** A record as finalising sees it. Reading it makes its version a precondition of the effect. */
export interface RecordView {
  readonly type: string;
  readonly id: Id;
  readonly version: number;
  readonly fields: JsonObject;
}

export interface FinalisePorts {
  /** Remembers what was read. Fails with `not_found`. */
  readonly record: (type: string, id: Id) => Promise<RecordView>;
  readonly company: () => Promise<RecordView>;
  readonly blob: (hash: string) => Promise<Uint8Array>;
  readonly keep: (bytes: Uint8Array) => Promise<string>;
  /** The lowest free number of a gapless series, reserved for this effect for ten minutes. */
  readonly reserveNumber: (series: string) => Promise<number>;
  /** Reads from the connector's own hosts; nothing outside may change by it. */
  readonly fetch: Egress['fetch'];
  /** fires when the contract's time is over: what comes later is not looked at */
  readonly signal: AbortSignal;
}

export interface CommitPorts {
  readonly blob: (hash: string) => Promise<Uint8Array>;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  /** to the connector's own hosts, with its secrets filled in on the way out */
  readonly fetch: Egress['fetch'];
}

/** What a connector prepared; the kernel adds identity, class, mode and salt, and hashes it. */
export interface Finalised {
  readonly account: string;
  readonly summary: string;
  readonly to: readonly string[];
  readonly amount: Money | null;
  readonly parts: readonly EffectPart[];
  readonly carries: readonly CarriedChange[];
  readonly remote?: readonly Extract<Precondition, { readonly type: 'remote' }>[];
  readonly undo: { readonly possible: boolean; readonly how: string };
  readonly preview: EffectPreview;
  /** what later steps may count on before it is committed; the receipt may add to it, not change it */
  readonly output: Json;
}

export type Outcome =
  | { readonly status: 'committed'; readonly receipt: OutcomeReceipt }
  /** provably nothing happened, and repeating will not help: ask the operator */
  | { readonly status: 'refused'; readonly code: FailureCode; readonly message: string }
  /** provably nothing happened: wait, then repeat under the same key and approval */
  | { readonly status: 'later'; readonly retryAfterMs: number; readonly message: string }
  /** nobody knows: probe before anything else */
  | { readonly status: 'unknown'; readonly message: string };

/** What the provider said; the kernel adds key, hash, mode and time. */
export interface OutcomeReceipt {
  readonly said: string;
  readonly provider: JsonObject;
}

export type Probe =
  | { readonly status: 'committed'; readonly receipt: OutcomeReceipt }
  | { readonly status: 'not-committed' }
  | { readonly status: 'cannot-tell'; readonly message: string };
