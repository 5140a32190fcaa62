import type { Id, JsonObject } from '../../base/index.ts';
import { OWN } from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import { fact } from '../events.ts';

/** Something about a hook that the operator should see, once: its id says what it is about. */
export function finding(id: Id, title: string, body: JsonObject): StreamAppend {
  const form = { fields: [{ name: 'seen', kind: 'boolean', label: 'I have seen it' }] };
  const opened = fact(
    'item.opened',
    { kind: 'finding', title, effects: [], risk: 'medium', form, body },
    { label: OWN },
  );
  return { stream: `item/${id}`, expectedVersion: 0, events: [opened] };
}
