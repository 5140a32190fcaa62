import type { Id, JsonObject, Sha256 } from '../base/index.ts';
import type { Label, Labels } from './label.ts';

/** What a writer hands to the log. */
export interface NewEvent {
  /** a past fact, `noun.verbed` */
  readonly type: string;
  readonly data: JsonObject;
  /** `operator:<device>`, `kernel`, `agent:<name>@<version>`, `connector:<name>@<version>` */
  readonly by: string;
  readonly label: Label;
  /** labels of single fields of `data`, by dotted path */
  readonly fieldLabels?: NonNullable<Labels['at']>;
  readonly run?: Id;
  /** id of the event that led to this one */
  readonly cause?: Id;
  /** whose personal data this holds; those fields are encrypted under that subject's key */
  readonly personal?: PersonalFields;
}

export interface PersonalFields {
  /** opaque id of the person or company */
  readonly subject: Id;
  /** dotted paths into `data` */
  readonly paths: readonly string[];
}

/** The part of an event that the chain hashes. Opaque ids only; no business content. */
export interface EventHeader {
  readonly company: Id;
  /** position in the company's total order, from 1, without gaps */
  readonly seq: number;
  readonly id: Id;
  readonly stream: string;
  /** position in its stream, from 1, without gaps */
  readonly version: number;
  readonly type: string;
  /** UTC milliseconds */
  readonly at: number;
  readonly by: string;
  readonly run?: Id;
  readonly cause?: Id;
  readonly label: Label;
  readonly fieldLabels?: NonNullable<Labels['at']>;
  /** version of the Steward that wrote it */
  readonly engine: string;
  /** SHA-256(salt || canonical data): a commitment that outlives the data */
  readonly dataHash: Sha256;
}

/** An event as it is read: opened, upcast to today's shape, or marked as erased. */
export interface StoredEvent extends EventHeader {
  /** SHA-256(previous hash || canonical header) */
  readonly hash: Sha256;
  /** empty when `erased` is true; encrypted fields whose key is gone read as `{ "$erased": true }` */
  readonly data: JsonObject;
  readonly erased?: true;
  /** something of `data` cannot be read any more: those fields are `{ "$damaged": true }`, or all is gone */
  readonly damaged?: true;
}
