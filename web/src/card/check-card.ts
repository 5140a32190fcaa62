import {
  blobHash,
  type CheckedPart,
  checkParts,
  type EffectHash,
  effectHash,
} from '../../../src/contract/portable.ts';
import { fetchBlob } from '../api/call.ts';
import type { Card, CardEffect } from '../api/shapes.ts';
import { type ReadMessage, readMessage } from '../mail/read-message.ts';

/** A file that is shown, with the very bytes that were hashed. */
export interface ShownFile {
  readonly name: string;
  readonly mediaType: string;
  readonly blob: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An effect whose hash was computed here, with everything that its bytes show. */
export interface CheckedEffect {
  readonly card: CardEffect;
  /** computed in this browser from what is shown; this is what is signed */
  readonly hash: EffectHash;
  /** what is wrong with it; nothing wrong is signed */
  readonly wrong: readonly string[];
  /** the mail as its exact bytes say */
  readonly message: ReadMessage | undefined;
  /** exact and attached files; of a mail, those inside the message */
  readonly files: readonly ShownFile[];
}

export interface CheckedCard {
  readonly card: Card;
  readonly effects: readonly CheckedEffect[];
  /** true when every hash and every file is what the card says */
  readonly sound: boolean;
}

/** blobs kept in memory by hash; a card that is read again does not download again */
const KEPT_BLOBS = 32;
const kept = new Map<string, Uint8Array>();

/** Computes every hash of a card and reads what would go out from the exact bytes. */
export async function checkCard(card: Card): Promise<CheckedCard> {
  const effects = await Promise.all(card.effects.map(checkEffect));
  return { card, effects, sound: effects.every(({ wrong }) => wrong.length === 0) };
}

async function checkEffect(card: CardEffect): Promise<CheckedEffect> {
  const { effect } = card;
  const [hash, { parts }] = await Promise.all([effectHash(effect), checkParts(effect, keptBlob)]);
  const wrong = [
    ...(hash === card.hash ? [] : ['The server names another hash than the one computed here.']),
    ...parts.flatMap(({ status, part }) => {
      if (status === 'intact') return [];
      return [
        `${part.name}: ${status === 'missing' ? 'the file is missing' : 'the file was altered'}.`,
      ];
    }),
  ];
  const source = parts.find(
    ({ part }) => part.use === 'exact' && part.mediaType === 'message/rfc822',
  );
  const message = source?.status === 'intact' ? readMessage(source.bytes) : undefined;
  const files = message ? await filesOf(message) : parts.flatMap(shownFile);
  if (message) {
    const inside = new Set(files.map(({ blob }) => blob));
    for (const { use, blob, name } of effect.parts) {
      if (use === 'attached' && !inside.has(blob)) wrong.push(`${name} is not in the message.`);
    }
    for (const type of message.unshown)
      wrong.push(`The message has a part of type ${type} that cannot be shown here.`);
  }
  return { card, hash, wrong, message, files };
}

async function keptBlob(blob: string): Promise<Uint8Array | undefined> {
  const found = kept.get(blob) ?? (await fetchBlob(blob));
  if (found) {
    kept.set(blob, found);
    for (const [old] of kept) {
      if (kept.size <= KEPT_BLOBS) break;
      kept.delete(old);
    }
  }
  return found;
}

async function filesOf(message: ReadMessage): Promise<readonly ShownFile[]> {
  return Promise.all(
    message.attachments.map(async ({ name, mediaType, bytes }) => ({
      ...{ name, mediaType, bytes },
      blob: await blobHash(bytes),
    })),
  );
}

function shownFile(checked: CheckedPart): readonly ShownFile[] {
  if (checked.status !== 'intact') return [];
  const { name, mediaType, blob } = checked.part;
  return [{ name, mediaType, blob, bytes: new Uint8Array(checked.bytes) }];
}
