import type { Json } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { type Clash, fieldTitle } from '../../records/index.ts';
import type { Keep } from './second-change.ts';

/** What the operator chooses: one side for all, or a side for every field. */
export function conflictForm(clashes: readonly Pick<Clash, 'path'>[]): Json {
  return {
    fields: [
      {
        ...{ name: 'keep', kind: 'choice', required: true, choices: ['mine', 'theirs', 'each'] },
        label: 'Which one should stay?',
        help: 'mine: the change that came second. theirs: what stands now. each: as chosen below.',
      },
      ...clashes.map(({ path }, index) => ({
        ...{ name: fieldName(index), kind: 'choice', choices: ['mine', 'theirs'] },
        label: titleOfPath(path),
      })),
    ],
  };
}

/** Reads the choice for one field. Fails with `invalid_input` where `each` leaves one open. */
export function keepOf(
  answer: { readonly [name: string]: Json },
  paths: readonly string[],
  path: string,
): Keep {
  const { keep } = answer;
  if (keep === 'mine' || keep === 'theirs') return keep;
  const index = paths.indexOf(path);
  const chosen = index < 0 ? undefined : answer[fieldName(index)];
  if (chosen === 'mine' || chosen === 'theirs') return chosen;
  throw failure(
    index < 0 ? 'stale' : 'invalid_input',
    index < 0
      ? `${titleOfPath(path)} was changed since this was asked.`
      : `Choose which ${titleOfPath(path)} should stay.`,
    { path: index < 0 ? path : fieldName(index), expected: ['mine', 'theirs'] },
    index < 0 ? 'Choose one side for all fields.' : `Answer with: --set ${fieldName(index)}=mine`,
  );
}

export function fieldList(clashes: readonly Pick<Clash, 'path'>[]): string {
  return clashes.map(({ path }) => titleOfPath(path)).join(', ');
}

function titleOfPath(path: string): string {
  return path === 'archived' ? 'whether it is archived' : fieldTitle(path);
}

function fieldName(index: number): string {
  return `field${index + 1}`;
}
