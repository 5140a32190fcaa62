import type { FoldQuery, IndexValue } from '../log/index.ts';
import { ONE_COMPANY } from './sqlite-schema.ts';

/** The statement behind a list or a count of a fold's rows, with its values. */
export function queryText(
  fold: number,
  query: FoldQuery,
  what: 'rows' | 'count',
): { readonly text: string; readonly values: readonly IndexValue[] } {
  const { index, equals, from, to, descending, after } = query;
  const byKey = index === undefined;
  const column = byKey ? 'r.key' : 'i.value';
  const values: IndexValue[] = [ONE_COMPANY, fold];
  let text =
    what === 'count' ? 'SELECT count(*) AS count ' : 'SELECT r.key AS key, r.body AS body ';
  if (byKey) {
    text += 'FROM fold_rows r WHERE r.company = ? AND r.fold = ?';
  } else {
    text += `FROM fold_index i JOIN fold_rows r
      ON r.company = i.company AND r.fold = i.fold AND r.key = i.key
      WHERE i.company = ? AND i.fold = ? AND i.name = ?`;
    values.push(index);
  }
  const bound = (operator: string, value: IndexValue | undefined): void => {
    if (value === undefined) return;
    text += ` AND ${column} ${operator} ?`;
    values.push(byKey ? String(value) : value);
  };
  if (equals !== undefined && byKey) {
    bound('>=', equals);
    bound('<', textAfterPrefix(String(equals)));
  } else {
    bound('=', equals);
  }
  bound('>=', from);
  bound('<=', to);
  const behind = descending ? '<' : '>';
  if (after && byKey) bound(behind, after.key);
  else if (after) {
    text += ` AND (i.value, i.key) ${behind} (?, ?)`;
    values.push(after.value, after.key);
  }
  if (what === 'rows') {
    const order = descending ? 'DESC' : 'ASC';
    text += ` ORDER BY ${column} ${order}${byKey ? '' : `, i.key ${order}`} LIMIT ? OFFSET ?`;
    values.push(query.limit ?? -1, query.offset ?? 0);
  }
  return { text, values };
}

const LAST_CODE_POINT = 0x10ffff;
const BEFORE_SURROGATES = 0xd7ff;
const AFTER_SURROGATES = 0xe000;

/** The least text that sorts after everything with this prefix; undefined when there is none. */
function textAfterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === LAST_CODE_POINT) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  points.push(last === BEFORE_SURROGATES ? AFTER_SURROGATES : last + 1);
  return String.fromCodePoint(...points);
}
