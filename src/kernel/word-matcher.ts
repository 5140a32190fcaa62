import type { Playbooks } from './playbooks.ts';
import type { RecordStore } from './record-reads.ts';
import type { Matcher } from './submit.ts';
import { type GoalContext, matchGoal, playbookWordsSchema } from './words/index.ts';

/** Reads plain words against what is published and who is known, without a model. */
export function createWordMatcher(
  kernel: { readonly playbooks: Playbooks; readonly records: RecordStore },
  /** YYYY-MM-DD in the company's zone */
  today: () => Promise<string>,
): Matcher {
  const { playbooks, records } = kernel;
  return async (words) => {
    const active = playbooks.active();
    const context: GoalContext = {
      playbooks: active.flatMap(({ name, version, title, words: data }) => {
        const read = playbookWordsSchema.safeParse(data);
        return read.success ? [{ name, version, title, words: read.data }] : [];
      }),
      parties: (await records.list('party')).map(({ id, fields }) => ({
        id,
        name: String(fields.name),
        aliases: typeof fields.legalName === 'string' ? [fields.legalName] : [],
      })),
      today: await today(),
    };
    const found = matchGoal(words, context);
    if (found.status === 'unknown') return found;
    const wanted = found.playbook;
    const playbook = wanted && playbooks.find(`${wanted.name}@${wanted.version}`);
    if (found.status === 'question') {
      const { question, form, because } = found;
      return { status: 'question', question, form, because, ...(playbook ? { playbook } : {}) };
    }
    // the matcher was given only playbooks that are published, so it names one of them
    return playbook
      ? { status: 'matched', playbook, input: found.input, because: found.because }
      : { status: 'unknown', because: found.because, suggestions: [] };
  };
}
