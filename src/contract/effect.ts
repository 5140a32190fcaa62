import type { Id, Json, JsonObject, Sha256 } from '../base/index.ts';
import type { ArgumentRole, CapabilityRef, EffectClass } from './capability.ts';
import type { Label } from './label.ts';
import type { Money } from './money.ts';

export type Mode = 'live' | 'sandbox' | 'off';

/** SHA-256 in hex; exists before anything is prepared. Providers' idempotency keys derive from it. */
export type EffectKey = string;
/** H: SHA-256("steward/effect/v1\0" || canonical effect) in hex. What the operator signs. */
export type EffectHash = string;

/** What an effect key is made of. Nothing that changes between two tries of the same thing. */
export interface EffectKeyParts {
  readonly company: Id;
  readonly incarnation: number;
  readonly mode: Mode;
  readonly run: Id;
  readonly step: string;
  /** position in a list for `each`, else empty */
  readonly item: string;
  /** 1, then one more for every edit by the operator */
  readonly revision: number;
}

/** Bytes that belong to an effect: the message itself, a PDF beside it. */
export interface EffectPart {
  readonly name: string;
  readonly mediaType: string;
  readonly blob: Sha256;
  readonly bytes: number;
  /** `exact`: these bytes go out. `attached`: contained in the exact ones. `shown`: for the card only */
  readonly use: 'exact' | 'attached' | 'shown';
}

/** One thing the effect is about, with where it came from, so a card can point at outside text. */
export interface EffectArgument {
  readonly path: string;
  readonly role: ArgumentRole;
  readonly value: Json;
  readonly label: Label;
}

/** What must still be true at commit. Local ones are stream versions, checked in the transaction. */
export type Precondition =
  | { readonly type: 'stream'; readonly stream: string; readonly version: number }
  | { readonly type: 'remote'; readonly what: string; readonly etag: string };

/** A change of our own records that becomes true with the effect, as a command. */
export interface CarriedChange {
  /** with the operator's signature, or only once it is done */
  readonly when: 'signed' | 'committed';
  /** record type and id */
  readonly record: string;
  readonly id: Id;
  /** the command without record and id: `{type: 'issue', number, ...}` */
  readonly command: JsonObject;
}

/** A number of a gapless series that the effect uses up. */
export interface CarriedNumber {
  readonly series: string;
  readonly number: number;
}

/** One exact, hashable change to the outside world. Plain data: logged, shown, hashed and signed. */
export interface Effect {
  readonly v: 1;
  readonly company: Id;
  readonly incarnation: number;
  readonly key: EffectKey;
  readonly mode: Mode;
  readonly run: Id;
  readonly step: string;
  readonly item: string;
  readonly revision: number;
  readonly capability: CapabilityRef;
  /** SHA-256 of the contract it was made under */
  readonly contract: Sha256;
  readonly connector: string;
  /** which account of that connector */
  readonly account: string;
  readonly class: EffectClass;
  /** one plain sentence: what would happen */
  readonly summary: string;
  /** where it goes, as people write it (addresses, hosts, paths); empty for our own books */
  readonly to: readonly string[];
  readonly amount: Money | null;
  readonly arguments: readonly EffectArgument[];
  readonly parts: readonly EffectPart[];
  readonly carries: readonly CarriedChange[];
  readonly numbers: readonly CarriedNumber[];
  readonly preconditions: readonly Precondition[];
  /** `none` says honestly that it cannot be taken back; otherwise how */
  readonly undo: { readonly possible: boolean; readonly how: string };
  /** UTC timestamp inside the bytes (a mail's Date) */
  readonly date: string;
  /** UTC timestamp after which a signature over it is worth nothing */
  readonly expires: string;
  /** random, so that equal effects have different hashes */
  readonly salt: string;
}

/** The card's picture of an effect. Made with it, covered by its hash through `parts`. */
export interface EffectPreview {
  /** the exact effect as readable text, complete and untruncated */
  readonly text: string;
  readonly blobs: readonly {
    readonly name: string;
    readonly mediaType: string;
    readonly blob: Sha256;
  }[];
}

export const EFFECT_STATUSES = [
  'proposed',
  'finalised',
  'approved',
  'held',
  'committing',
  'committed',
  'failed',
  'unknown',
  'rejected',
  'denied',
  'expired',
  'stale',
  'withdrawn',
  'superseded',
  'undone',
] as const;
export type EffectStatus = (typeof EFFECT_STATUSES)[number];

/** What happened to an effect. */
export interface Receipt {
  readonly key: EffectKey;
  readonly hash: EffectHash;
  /** true when nothing left the machine: sandbox */
  readonly simulated: boolean;
  /** one plain sentence: what was done ("in the outbox, not delivered") */
  readonly said: string;
  /** the provider's ids */
  readonly provider: JsonObject;
  readonly at: string;
}
