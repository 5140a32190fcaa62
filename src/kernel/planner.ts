import type { Clock } from '../base/index.ts';
import { dayIn } from '../base/index.ts';
import type { Playbook } from '../plan/index.ts';
import { isErased, titleOf } from '../records/index.ts';
import type { Playbooks } from './playbooks.ts';
import type { RecordStore } from './record-reads.ts';
import type { Matched, Matcher } from './submit.ts';
import { type GoalContext, matchGoal, playbookWordsSchema } from './words/index.ts';

/**
 * Finds the playbook for plain words without a model: by the words each playbook says it answers to,
 * and the names of our own parties. What is not certain becomes one question.
 */
export function createPlanner(ports: {
  readonly playbooks: Playbooks;
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly zone: () => string;
}): Matcher {
  const { playbooks, records, clock, zone } = ports;
  return async (words) => {
    const context: GoalContext = {
      playbooks: playbooks.active().flatMap(withWords),
      parties: await knownParties(records),
      today: dayIn(zone(), clock.now()),
    };
    const found = matchGoal(words, context);
    if (found.status === 'unknown') return found;
    const playbook =
      found.playbook && playbooks.find(`${found.playbook.name}@${found.playbook.version}`);
    if (found.status === 'matched') {
      if (playbook) return { ...found, playbook };
      return { status: 'unknown', because: ['The playbook is gone.'], suggestions: [] };
    }
    const { question, form, because } = found;
    const asked: Matched = { status: 'question', question, form, because };
    return playbook ? { ...asked, playbook } : asked;
  };
}

function withWords(playbook: Playbook): GoalContext['playbooks'] {
  const words = playbookWordsSchema.safeParse(playbook.words);
  const { name, version, title } = playbook;
  return words.success ? [{ name, version, title, words: words.data }] : [];
}

async function knownParties(records: RecordStore): Promise<GoalContext['parties']> {
  const parties = await records.list('party');
  return parties
    .filter(({ fields }) => !isErased(fields.name ?? null))
    .map((party) => {
      const { legalName } = party.fields;
      const aliases = typeof legalName === 'string' ? [legalName] : [];
      return { id: party.id, name: titleOf(party), aliases };
    });
}
