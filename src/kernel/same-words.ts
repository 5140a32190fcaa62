import { canonicalJson, type Id, isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import type { Log } from '../log/index.ts';
import type { Playbook } from '../plan/index.ts';
import { runsFold, wordsPrint } from './folds.ts';
import { createInTurn, type InTurn } from './in-turn.ts';
import type { Matched } from './submit.ts';
import { doBothField } from './words/index.ts';

/** open runs with the same words that are looked at; further ones are not told apart */
export const TWINS = 50;
/** fields named in the question; more would not be read */
const NAMED_FIELDS = 4;
const VALUE_CHARACTERS = 60;

/** A run that the same words have started for the same playbook, with other input. */
export interface OtherRun {
  readonly run: Id;
  readonly input: JsonObject;
}

/** The newest one that is not over; one that takes something back is no such run. */
export async function sameWords(
  log: Pick<Log, 'fold' | 'readStream'>,
  words: string,
  playbook: Playbook,
): Promise<OtherRun | undefined> {
  const own = wordsPrint(words);
  const found = await log.fold(runsFold).list({
    ...{ index: 'fingerprint', from: `${own}/`, to: `${own}0`, limit: TWINS }, // `0` is behind `/`
  });
  const rows = found
    .map(({ row }) => row)
    .filter((row) => row.compensates === null && row.playbook?.startsWith(`${playbook.name}@`))
    .sort((a, b) => b.startSeq - a.startSeq);
  const [row] = rows;
  if (!row) return undefined;
  const decided = await log.readStream(`run/${row.id}`, { limit: TWINS });
  const input = decided.find(({ type }) => type === 'plan.decided')?.data.input;
  return { run: row.id, input: isJsonObject(input) ? input : {} };
}

/** Work on the same words one after the other: who clicks twice at once joins what the first click began. */
export function createTurnsByWords(): InTurn {
  const inTurn = createInTurn();
  return (words, work) => inTurn(wordsPrint(words), work);
}

/** Whether both are meant, with what is different. */
export function askAboutOther(
  playbook: Playbook,
  input: JsonObject,
  other: OtherRun,
  because: readonly string[],
): Extract<Matched, { readonly status: 'question' }> {
  const names = [...new Set([...Object.keys(input), ...Object.keys(other.input)])];
  const differs = names.filter((name) => text(input[name]) !== text(other.input[name]));
  const said = differs
    .slice(0, NAMED_FIELDS)
    .map((name) => `${name}: ${text(input[name])}, there ${text(other.input[name])}`);
  const how = said.length === 0 ? 'with another version of its playbook' : said.join('; ');
  return {
    status: 'question',
    question: `You asked for this in the same words, and that is still under way (${how}). Do this one too?`,
    form: { fields: [doBothField] },
    because: [...because, `Run ${other.run} has the same words.`],
    playbook,
    input,
  };
}

/** Somebody with a token asks for what is under way for another one. */
export function askAboutTwin(
  playbook: Playbook,
  input: JsonObject,
  run: Id,
  token: string,
): Extract<Matched, { readonly status: 'question' }> {
  return {
    status: 'question',
    question: `"${token}" asks for what is under way already (run ${run}). Do this one too?`,
    form: { fields: [doBothField] },
    because: [`Run ${run} does the same.`],
    playbook,
    input,
  };
}

function text(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  const plain = typeof value === 'string' ? value : canonicalJson(value);
  return plain.length > VALUE_CHARACTERS ? `${plain.slice(0, VALUE_CHARACTERS)}...` : plain;
}
