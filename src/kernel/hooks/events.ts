import type { Id, Json, JsonObject } from '../../base/index.ts';
import type { FailureData } from '../../contract/index.ts';

/** What the operator signed about a hook beside its secret. */
export type HookSettings = {
  /** what a delivery starts, `invoice-paid` or `invoice-paid@2`; null where steps wait for it */
  readonly playbook: string | null;
  /** its input as a template over `hook`: `{"invoice": {"$expr": "hook.payload.data.invoice"}}` */
  readonly input: JsonObject | null;
  /** paths into a payload that hold ids, amounts or states: what is there counts as our own */
  readonly facts: readonly string[];
  /** path to what a delivery is about: of that, an older one starts nothing after a newer one */
  readonly about: string | null;
};

/** Facts about the addresses where others may tell us something, and what they told. */
export interface HookEvents {
  // hook/<name>
  'hook.added': {
    /** handle of its secret */
    readonly secret: string;
    readonly settings: HookSettings;
  };
  'hook.changed': { readonly settings: HookSettings };
  'hook.rotated': {
    readonly secret: string;
    /** UTC ms until which the secrets before it count as well */
    readonly oldUntil: number;
  };
  'hook.ended': { readonly because: string };
  // hook/<name>/<digest of the sender's id>
  'hook.received': {
    readonly hook: string;
    /** the sender's id of the message */
    readonly id: string;
    /** UTC ms of this attempt, as it was signed */
    readonly sentAt: number;
    /** UTC ms: when it happened, as far as the sender says */
    readonly happenedAt: number;
    readonly payload: Json;
    /** SHA-256 of the bytes that were signed */
    readonly print: string;
    /** the playbook that it starts; null for none */
    readonly starts: string | null;
    /** digest of what it is about */
    readonly about: string | null;
    /** something newer about the same was received before */
    readonly late: boolean;
  };
  'hook.started': { readonly run: Id; readonly playbook: string };
  'hook.failed': { readonly failure: FailureData };
}
