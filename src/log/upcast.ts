import type { JsonObject } from '../base/index.ts';
import type { StoredEvent } from '../contract/index.ts';

/**
 * Turns an old event's data into today's shape when it is read; what is stored never changes.
 * By event type, oldest first: `until` is the first engine version that wrote the new shape.
 */
export interface Upcasters {
  readonly [type: string]: readonly {
    readonly until: string;
    readonly up: (data: JsonObject) => JsonObject;
  }[];
}

export function upcast(event: StoredEvent, upcasters: Upcasters): StoredEvent {
  const steps = upcasters[event.type];
  if (!steps) return event;
  let { data } = event;
  for (const { until, up } of steps) if (isOlder(event.engine, until)) data = up(data);
  return { ...event, data };
}

function isOlder(engine: string, than: string): boolean {
  const a = engine.split('.').map((part) => Number.parseInt(part, 10));
  const b = than.split('.').map((part) => Number.parseInt(part, 10));
  for (let part = 0; part < 3; part++) {
    const difference = (a[part] || 0) - (b[part] || 0); // a part that is no number counts as 0
    if (difference !== 0) return difference < 0;
  }
  return false;
}
