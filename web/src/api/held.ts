import { signal } from '@preact/signals';
import { onEvent } from './live.ts';

/** Until when (UTC ms) an approved effect is held back, by its key. Learned from the live log. */
export const heldUntil = signal<ReadonlyMap<string, number>>(new Map());

onEvent(({ type, stream, data }) => {
  const until = data?.until;
  if (type !== 'effect.held' || typeof until !== 'number') return;
  heldUntil.value = new Map(heldUntil.value).set(stream.slice('effect/'.length), until);
});
