import { canonicalJson, type Json, type Sha256, sha256 } from '../base/index.ts';
import {
  type EventHeader,
  INTEGRITIES,
  type Integrity,
  type Label,
  PLACEMENTS,
  type Placement,
} from '../contract/index.ts';

/**
 * The chain: `hash = SHA-256(hex(previous hash) || canonical header)`, and in the header
 * `dataHash = SHA-256(hex(salt) || canonical data)`. A payload can be destroyed (salt and data
 * together) and the chain still verifies, while nobody can guess the data from its hash.
 */
export const GENESIS: Sha256 = '0'.repeat(64);

export const SALT_BYTES = 16;

export function dataCommitment(salt: string, canonicalData: string): Sha256 {
  return sha256(salt + canonicalData);
}

/** What an event's hash is the SHA-256 of. */
export function linkText(previous: Sha256, header: EventHeader): string {
  return previous + canonicalHeader(header);
}

/** Canonical JSON (RFC 8785) of the header. */
export function canonicalHeader(header: EventHeader): string {
  const { label, fieldLabels } = header;
  return headerText(
    header,
    canonicalLabel(label),
    fieldLabels && canonicalFieldLabels(fieldLabels),
  );
}

/**
 * The same from labels that are text already: a verifier hashes what lies in the store, byte for byte.
 * Written out, in canonical order, because every event of every run passes here: it is several times as
 * quick as the general encoder (a test holds the two equal).
 */
export function headerText(
  h: Omit<EventHeader, 'label' | 'fieldLabels'>,
  label: string,
  fieldLabels: string | undefined,
): string {
  const cause = h.cause === undefined ? '' : `,"cause":${quoted(h.cause)}`;
  const labels = fieldLabels === undefined ? '' : `,"fieldLabels":${fieldLabels}`;
  const run = h.run === undefined ? '' : `,"run":${quoted(h.run)}`;
  return (
    `{"at":${h.at},"by":${quoted(h.by)}${cause},"company":${quoted(h.company)}` +
    `,"dataHash":"${h.dataHash}","engine":${quoted(h.engine)}${labels},"id":${quoted(h.id)}` +
    `,"label":${label}${run},"seq":${h.seq},"stream":${quoted(h.stream)},"type":${quoted(h.type)}` +
    `,"version":${h.version}}`
  );
}

/** Printable ASCII without quote and backslash: JSON writes it as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(name: string): string {
  return PLAIN.test(name) ? `"${name}"` : JSON.stringify(name);
}

export function canonicalLabel(label: Label): string {
  return known(label).text;
}

export function canonicalFieldLabels(labels: NonNullable<EventHeader['fieldLabels']>): string {
  const entries = Object.entries(labels).map(([path, label]): [string, Json] => [
    path,
    plainLabel(label) as Json & Label, // a label holds text and `true` only: it is JSON
  ]);
  return canonicalJson(Object.fromEntries(entries));
}

/** A label with nothing but its own members, whatever object it came in. */
export function plainLabel(label: Label): Label {
  return known(label).plain;
}

interface KnownLabel {
  readonly plain: Label;
  readonly text: string;
}

function labelOf(integrity: Integrity, placement: Placement, selected: boolean): KnownLabel {
  const plain: Label = selected ? { integrity, placement, selected } : { integrity, placement };
  return { plain: Object.freeze(plain), text: JSON.stringify(plain) };
}

/** There are few labels and every event has one: each is made once. */
const KNOWN: ReadonlyMap<Integrity, ReadonlyMap<Placement, readonly KnownLabel[]>> = new Map(
  INTEGRITIES.map((integrity) => [
    integrity,
    new Map(
      PLACEMENTS.map((placement) => [
        placement,
        [false, true].map((selected) => labelOf(integrity, placement, selected)),
      ]),
    ),
  ]),
);

function known({ integrity, placement, selected }: Label): KnownLabel {
  const label = KNOWN.get(integrity)?.get(placement)?.[selected ? 1 : 0];
  return label ?? labelOf(integrity, placement, selected ?? false);
}
