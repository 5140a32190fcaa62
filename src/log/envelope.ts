import { randomFillSync } from 'node:crypto';
import { type Id, LIMITS, type NewId, type Sha256 } from '../base/index.ts';
import { type EventHeader, failure, type NewEvent, type StoredEvent } from '../contract/index.ts';
import { canonicalFieldLabels, dataCommitment, linkHash, plainLabel, SALT_BYTES } from './chain.ts';
import type { KeyVault } from './port.ts';
import { openData, sealData } from './seal.ts';
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
      checkName('type', event.type);
      checkName('by', event.by);
      if (event.run !== undefined) checkName('run', event.run);
      if (event.cause !== undefined) checkName('cause', event.cause);
      const data = encodeData(event, sealPlace(company, stream, version), vault);
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
      return { header: closed, hash: linkHash(previous, closed), salt, data };
    },

    open: ({ header, hash, data }) => {
      if (data === null) return { ...header, hash, data: {}, erased: true };
      const place = sealPlace(header.company, header.stream, header.version);
      const opened = openData(data, place, vault);
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

function sealPlace(company: Id, stream: string, version: number): string {
  return `${company}\0${stream}\0${version}`;
}

function encodeData(event: NewEvent, place: string, vault: KeyVault): string {
  const text = encodable(event, () => sealData(event.data, event.personal, place, vault), null);
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

function createSalts(): () => string {
  const pool = Buffer.alloc(SALT_BYTES * SALTS_IN_POOL);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += SALT_BYTES;
    return pool.toString('hex', used - SALT_BYTES, used);
  };
}
