import type { Id } from '../../../base/index.ts';
import { foldName, type RecordCommand } from '../../../records/index.ts';
import { fingerprint } from './entry-key.ts';
import type { ImportAnswers, ImportQuestion } from './import-outcome.ts';
import { answerTo } from './import-outcome.ts';

export interface NamedParty {
  readonly id: Id;
  readonly archived: boolean;
  readonly name: string;
  readonly legalName?: string;
}

export interface NamedProject {
  readonly id: Id;
  readonly archived: boolean;
  readonly party: Id;
  readonly name: string;
  readonly code?: string;
}

export type Resolution =
  | { readonly status: 'found'; readonly id: Id }
  | { readonly status: 'absent' }
  | { readonly status: 'question'; readonly question: ImportQuestion };

/** Finds clients and projects by the names that a file uses, and creates those that are missing. */
export interface NameBook {
  readonly party: (name: string) => Resolution;
  readonly project: (party: Id, name: string, code?: string) => Resolution;
  readonly createParty: (name: string) => { readonly id: Id; readonly command: RecordCommand };
  readonly createProject: (
    party: Id,
    name: string,
    code?: string,
  ) => { readonly id: Id; readonly command: RecordCommand };
}

const NEW = 'new';

/** Labels in one question: more namesakes than this are a mess to be cleaned up by hand. */
const MOST_OPTIONS = 8;

export function createNameBook(
  known: { readonly parties: readonly NamedParty[]; readonly projects: readonly NamedProject[] },
  answers: ImportAnswers,
  newId: () => Id,
): NameBook {
  const parties = Map.groupBy(known.parties, ({ name }) => foldName(name));
  const legal = Map.groupBy(known.parties, ({ legalName }) => foldName(legalName ?? ''));
  const projects = Map.groupBy(known.projects, ({ party, name }) => `${party}/${foldName(name)}`);

  return {
    party: (name) => {
      const folded = foldName(name);
      const all = parties.get(folded) ?? legal.get(folded) ?? [];
      const live = all.filter(({ archived }) => !archived);
      const namesakes = live.length > 0 ? live : all;
      const [only] = namesakes;
      if (!only) return { status: 'absent' };
      if (live.length === 1) return { status: 'found', id: only.id };
      const question = partyQuestion(name, namesakes);
      const answer = answerTo(question, answers);
      if (answer === undefined) return { status: 'question', question };
      return answer === NEW ? { status: 'absent' } : { status: 'found', id: answer };
    },
    project: (party, name, code) => {
      const namesakes = projects.get(`${party}/${foldName(name)}`) ?? [];
      // Of namesakes the one with the file's code, else one in use, else the oldest: no money hangs on it.
      const found =
        namesakes.find((project) => code !== undefined && project.code === code) ??
        namesakes.find(({ archived }) => !archived) ??
        namesakes[0];
      return found ? { status: 'found', id: found.id } : { status: 'absent' };
    },
    createParty: (name) => {
      const id = newId();
      parties.set(foldName(name), [{ id, archived: false, name }]);
      const set = { name, kinds: ['customer'] };
      return { id, command: { type: 'create', record: 'party', id, set } };
    },
    createProject: (party, name, code) => {
      const id = newId();
      projects.set(`${party}/${foldName(name)}`, [{ id, archived: false, party, name }]);
      const set = code === undefined ? { party, name } : { party, name, code };
      return { id, command: { type: 'create', record: 'project', id, set } };
    },
  };
}

/** All live, or all archived. Only then may a new one be made: it will be the only live one. */
function partyQuestion(name: string, namesakes: readonly NamedParty[]): ImportQuestion {
  const archived = namesakes.every((party) => party.archived);
  const question = archived
    ? `The file has time for "${name}", whom you archived. Whose time is it?`
    : `There are ${namesakes.length} clients called "${name}". Whose time is it?`;
  const options = namesakes.slice(0, MOST_OPTIONS).map((party) => ({
    value: party.id,
    label: `${party.name}${archived ? ' (archived)' : ''}, ${party.id}`,
  }));
  const fresh = { value: NEW, label: 'A new client of that name' };
  return {
    id: `party-${fingerprint(foldName(name))}`,
    kind: 'party',
    question,
    options: archived ? [...options, fresh] : options,
  };
}
