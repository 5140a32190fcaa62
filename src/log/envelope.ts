import { randomFillSync } from 'node:crypto';
import { type Id, LIMITS, type NewId, type Sha256, sha256 } from '../base/index.ts';
import { type EventHeader, failure, type NewEvent, type StoredEvent } from '../contract/index.ts';
import { canonicalFieldLabels, dataCommitment, linkText, plainLabel, SALT_BYTES } from './chain.ts';
import type { KeyVault } from './port.ts';
import { openData, type SealPlace, sealData } from './seal.ts';
import type { RawEvent } from './store.ts';
import { type Upcasters, upcast } from './upcast.ts';

export interface EnvelopePorts {
  readonly company: Id;
  readonly engine: string;
  readonly newId: NewId;
  readonly vault: KeyVault;
  readonly upcasters: Upcasters;
}

/** Where an event goes in the company's order and in its stream. */
export interface EventPlace {
  readonly seq: number;
  readonly stream: string;
  readonly version: number;
  /** UTC milliseconds */
  readonly at: number;
  readonly previous: Sha256;
}

export interface Envelope {
  /** Fails with `too_large`, `invalid_input` (text that cannot be stored as it is). */
  readonly close: (event: NewEvent, place: EventPlace) => RawEvent;
  /** Total: what cannot be read is marked `damaged`, and other events are not affected. */
  readonly open: (raw: RawEvent) => StoredEvent;
}

/** A header on the way: its members come in the order in which a reader gets them. */
type Draft = { -readonly [Name in keyof EventHeader]?: EventHeader[Name] };

/** Turns what a writer hands in into what is stored, and back. */
export function createEnvelope(ports: EnvelopePorts): Envelope {
  const { company, engine, newId, vault, upcasters } = ports;
  const newSalt = createSalts();

  return {
    close: (event, { seq, stream, version, at, previous }) => {
      const data = encodeData(event, { company, stream, version }, vault);
      const salt = newSalt();
      const fieldLabels =
        event.fieldLabels && encodable(event, canonicalFieldLabels, event.fieldLabels);
      const header: Draft = {
        company,
        seq,
        id: newId(),
        stream,
        version,
        type: event.type,
        at,
        by: event.by,
        engine,
        dataHash: dataCommitment(salt, data),
      };
      if (event.run !== undefined) header.run = event.run;
      if (event.cause !== undefined) header.cause = event.cause;
      header.label = plainLabel(event.label);
      // parsed from what is stored: the same members in the same order as a reader will get
      if (fieldLabels !== undefined) header.fieldLabels = JSON.parse(fieldLabels);
      const closed = header as EventHeader; // its label is there now
      const link = linkText(previous, closed);
      if (mayBeUnfit(event, link)) checkNames(event);
      return { header: closed, hash: sha256(link), salt, data };
    },

    open: ({ header, hash, data }) => {
      if (data === null) return { ...header, hash, data: {}, erased: true };
      const opened = openData(data, header, vault);
      return opened.damaged
        ? { ...header, hash, data: opened.data, damaged: true }
        : upcast({ ...header, hash, data: opened.data }, upcasters);
    },
  };
}

/** Stream, type and the like are names: SQLite and the chain must give them back unit by unit. */
export function checkName(field: string, name: string): void {
  if (name !== '' && name.isWellFormed() && !CONTROL.test(name)) return;
  throw failure('invalid_input', `An event's ${field} is empty or holds characters of control.`, {
    field,
    found: name.toWellFormed().slice(0, 80),
  });
}

const CONTROL = /[\u0000-\u001f\u007f]/;

/** False for nearly all: JSON writes half characters and characters of control, but for one, as escapes. */
function mayBeUnfit({ type, by, run, cause }: NewEvent, link: string): boolean {
  const isEmpty = type === '' || by === '' || run === '' || cause === '';
  return isEmpty || link.includes('\\') || link.includes('\u007f');
}

function checkNames({ type, by, run, cause }: NewEvent): void {
  checkName('type', type);
  checkName('by', by);
  if (run !== undefined) checkName('run', run);
  if (cause !== undefined) checkName('cause', cause);
}

/** a character takes at most so many bytes in UTF-8, per unit of a text's length */
const BYTES_PER_UNIT = 3;

function encodeData(event: NewEvent, place: SealPlace, vault: KeyVault): string {
  const text = encodable(event, () => sealData(event.data, event.personal, place, vault), null);
  if (text.length * BYTES_PER_UNIT <= LIMITS.eventDataBytes) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= LIMITS.eventDataBytes) return text;
  throw failure(
    'too_large',
    `${event.type} carries ${bytes} bytes; at most ${LIMITS.eventDataBytes} fit.`,
    { type: event.type, bytes, limit: LIMITS.eventDataBytes },
    'Store the large part as a file and refer to it.',
  );
}

/** What the canonical encoding refuses (half characters, NaN, endless nesting) is the writer's input. */
function encodable<In>(event: NewEvent, encode: (input: In) => string, input: In): string {
  try {
    return encode(input);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw failure('invalid_input', `${event.type} cannot be stored: ${error.message}`, {
      type: event.type,
    });
  }
}

const SALTS_IN_POOL = 256; // one system call serves so many events
const SALT_DIGITS = 2 * SALT_BYTES;

function createSalts(): () => string {
  const pool = Buffer.alloc(SALT_BYTES * SALTS_IN_POOL);
  let digits = '';
  let used = 0;
  return () => {
    if (used === digits.length) {
      digits = randomFillSync(pool).toString('hex');
      used = 0;
    }
    used += SALT_DIGITS;
    return digits.slice(used - SALT_DIGITS, used);
  };
}
