import { canonicalJson, type JsonObject, type Sha256, sha256 } from '../base/index.ts';
import type { EventHeader, Label } from '../contract/index.ts';

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

export function linkHash(previous: Sha256, header: EventHeader): Sha256 {
  return sha256(previous + canonicalHeader(header));
}

/**
 * Canonical JSON (RFC 8785) of the header. Written out because every event of every run passes here:
 * it is four times as quick as the general encoder (a test holds the two equal).
 */
export function canonicalHeader(h: EventHeader): string {
  return (
    `{"at":${h.at},"by":${JSON.stringify(h.by)}` +
    (h.cause === undefined ? '' : `,"cause":${JSON.stringify(h.cause)}`) +
    `,"company":${JSON.stringify(h.company)},"dataHash":"${h.dataHash}"` +
    `,"engine":${JSON.stringify(h.engine)}` +
    (h.fieldLabels === undefined ? '' : `,"fieldLabels":${canonicalFieldLabels(h.fieldLabels)}`) +
    `,"id":${JSON.stringify(h.id)},"label":${canonicalLabel(h.label)}` +
    (h.run === undefined ? '' : `,"run":${JSON.stringify(h.run)}`) +
    `,"seq":${h.seq},"stream":${JSON.stringify(h.stream)},"type":${JSON.stringify(h.type)}` +
    `,"version":${h.version}}`
  );
}

export function canonicalLabel(label: Label): string {
  return `{"integrity":"${label.integrity}","placement":"${label.placement}"${
    label.selected ? ',"selected":true' : ''
  }}`;
}

export function canonicalFieldLabels(labels: NonNullable<EventHeader['fieldLabels']>): string {
  const plain: Record<string, JsonObject> = {};
  for (const [path, label] of Object.entries(labels)) plain[path] = { ...label };
  return canonicalJson(plain);
}
