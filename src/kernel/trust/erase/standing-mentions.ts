import { isJsonObject, type Json } from '../../../base/index.ts';
import type { StoredEvent } from '../../../contract/index.ts';

/** Something that names the person and stays, because more hangs on it than this person. */
export interface StandingMention {
  /** as a person calls it: `policy`, `playbook`, `device` */
  readonly what: string;
  readonly id: string;
  /** why it stays, and what can be done about it */
  readonly because: string;
}

/** Facts about how the company is run: hashes, numbers, switches, rules, and the erasures themselves. */
const STANDING =
  /^(approval|number|company|mode|incarnation|commits|policy|playbook|device|enrolment|connector|secret|rate|subject|erasure)\.|^effect\.committing$/;

/** True for an event whose payload stays, whoever it names. */
export function isStanding({ type }: Pick<StoredEvent, 'type'>): boolean {
  return STANDING.test(type);
}

/** How an event that stays is named to the operator. */
export function standingMention(event: StoredEvent): StandingMention {
  const [what = '', ...rest] = event.stream.split('/');
  const id = rest.join('/');
  switch (event.type) {
    case 'policy.changed':
      return {
        ...{ what: 'policy', id: versionOf(event.data.policy) },
        because:
          'What was decided by its rules is explained by them. Where they still name the person: steward policy set',
      };
    case 'playbook.published':
      return {
        ...{ what: 'playbook', id: `${id}@${versionOf(event.data.playbook)}` },
        because:
          'Its runs are explained by it. Publish a version that does not name the person: steward playbooks publish',
      };
    default:
      return { what, id, because: 'It is part of how your company is run. Name nobody there.' };
  }
}

/** The name of a stream stands in the header of each of its events. */
export function namedStream(stream: string): StandingMention {
  const [what = '', ...rest] = stream.split('/');
  const because = 'Its name is part of the chain; what it said is gone.';
  return { what, id: rest.join('/'), because };
}

function versionOf(value: Json | undefined): string {
  return isJsonObject(value) ? String(value.version ?? '') : '';
}
