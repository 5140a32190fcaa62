import { useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import { atPath, type JsonObject } from '../../../src/base/portable.ts';
import { useResource } from '../api/resource.ts';
import type { RecordRow, RecordTypeInfo } from '../api/shapes.ts';
import { lookOnly } from '../device/session.ts';
import { useRowKeys } from '../keys/row-keys.ts';
import { Action } from '../parts/action.tsx';
import { Panes } from '../parts/panes.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { formatMoment, formatMoney, formatValue, isMoney } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import { RecordCard } from './record-card.tsx';
import { RecordForm } from './record-form.tsx';

/** rows of a list on the screen; the search finds the others */
const ROWS_MAX = 300;

/** The company's records: one type as a list, one of them opened. */
export function Business({
  type,
  id,
}: {
  readonly type?: string | undefined;
  readonly id?: string | undefined;
}) {
  const types = useResource<readonly RecordTypeInfo[]>('/api/record-types');
  const [, go] = useLocation();
  const chosen = type ?? 'invoice';
  const info = types.data.value?.find((one) => one.type === chosen);
  return (
    <Panes
      title="Business"
      at={id}
      back={`/business/${chosen}`}
      list={
        <>
          <div class="list-tools">
            <label class="only-heard" for="record-type">
              Show
            </label>
            <select
              id="record-type"
              value={chosen}
              onChange={(event) => go(`/business/${event.currentTarget.value}`)}
            >
              {(types.data.value ?? [{ type: chosen, title: chosen }]).map((one) => (
                <option key={one.type} value={one.type}>
                  {pluralTitle(one.title)}
                </option>
              ))}
            </select>
            {info && chosen !== 'company' ? (
              <Action
                label="New"
                off={lookOnly.value}
                onAct={() => go(`/business/${chosen}/new`)}
              />
            ) : null}
          </div>
          <RecordList
            key={chosen}
            type={chosen}
            open={id}
            ofParty={info?.fields.some(({ path }) => path === 'party') ?? false}
          />
        </>
      }
    >
      {id === undefined || !info ? null : id === 'new' ? (
        <RecordForm
          key={`${chosen}/new`}
          info={info}
          onSaved={(saved) => go(`/business/${chosen}/${saved.id}`)}
          onCancel={() => go(`/business/${chosen}`)}
        />
      ) : (
        <RecordCard key={`${chosen}/${id}`} info={info} id={id} />
      )}
    </Panes>
  );
}

function RecordList({
  type,
  open,
  ofParty,
}: {
  readonly type: string;
  readonly open: string | undefined;
  /** each belongs to a party, which is what tells two drafts apart */
  readonly ofParty: boolean;
}) {
  const [words, setWords] = useState('');
  const records = useResource<readonly RecordRow[]>(
    `/api/records/${encodeURIComponent(type)}`,
    (event) => event.stream.startsWith(`${type}/`),
  );
  const parties = useResource<readonly RecordRow[]>(ofParty ? '/api/records/party' : null);
  const names = new Map(parties.data.value?.map((party) => [party.id, party.title]));
  const detailOf = (row: RecordRow): string =>
    [...new Set([names.get(String(row.fields.party)), ...detailsOf(row)])]
      .filter(Boolean)
      .join(' · ');
  const wanted = words.trim().toLowerCase();
  const found = (records.data.value ?? []).filter(
    (row) => wanted === '' || `${row.title} ${detailOf(row)}`.toLowerCase().includes(wanted),
  );
  const rows = found.toSorted(byDay).slice(0, ROWS_MAX);
  useRowKeys(
    rows.map((row) => row.id),
    open,
    `/business/${type}`,
  );
  return (
    <Loaded from={records}>
      {(all) => (
        <>
          {all.length > 8 ? (
            <input
              class="filter"
              type="search"
              aria-label="Find in this list"
              placeholder="Find"
              value={words}
              onInput={(event) => setWords(event.currentTarget.value)}
            />
          ) : null}
          {all.length === 0 ? (
            <Empty words="There are none yet.">
              <NextThing {...NEXT[type]} />
            </Empty>
          ) : null}
          <ul class="rows">
            {rows.map((row) => (
              <li key={row.id}>
                <Link
                  href={`/business/${type}/${row.id}`}
                  id={`row-${row.id}`}
                  data-row={row.id}
                  class={`row no-kind${row.id === open ? ' is-current' : ''}`}
                  aria-current={row.id === open ? 'true' : undefined}
                >
                  <span class="row-line">
                    <span class="row-title">{visible(row.title)}</span>
                    <RowAmount fields={row.fields} />
                  </span>
                  <span class="row-line">
                    <span>{visible(detailOf(row))}</span>
                    <time dateTime={row.updatedAt}>{formatMoment(row.updatedAt)}</time>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
          {found.length > rows.length ? (
            <p class="muted list-note">{found.length - rows.length} more: type to find them.</p>
          ) : null}
        </>
      )}
    </Loaded>
  );
}

interface Next {
  readonly words?: string;
  readonly command?: string;
}

/** Where the first ones come from. */
const NEXT: { readonly [type: string]: Next } = {
  invoice: { words: 'Ask for one in the inbox, such as: invoice Acme for October.' },
  party: {
    words: 'Add one with New, or bring in a file:',
    command: 'steward import parties FILE.csv',
  },
  'time-entry': { words: 'Bring in a file:', command: 'steward import time FILE.csv' },
};

function NextThing({ words, command }: Next) {
  if (words === undefined) return null;
  return (
    <p class="muted">
      {words} {command === undefined ? null : <code>{command}</code>}
    </p>
  );
}

function RowAmount({ fields }: { readonly fields: JsonObject }) {
  const amount = [atPath(fields, 'totals.gross'), fields.amount].find(isMoney);
  const rate = atPath(fields, 'billing.hourlyRate');
  if (amount) return <span class="number">{formatMoney(amount)}</span>;
  return isMoney(rate) ? <span class="number">{formatMoney(rate)} an hour</span> : null;
}

/** The second line of a row: the first of these that a record has. */
const DETAILS = [
  'buyer.name',
  'email',
  'to',
  'text',
  'subject',
  'code',
  'task',
  'address.city',
  'status',
];

function detailsOf({ title, fields }: RecordRow): readonly (string | undefined)[] {
  const known = DETAILS.map((path) => formatValue(atPath(fields, path)));
  const hours =
    typeof fields.seconds === 'number' ? `${(fields.seconds / 3_600).toFixed(2)} h` : '';
  const found = known.find((one) => one !== '–' && one !== '' && !title.includes(one));
  return [hours, found];
}

/** Newest day first where records have one; else as the server lists them. */
function byDay(a: RecordRow, b: RecordRow): number {
  const day = ({ fields }: RecordRow): string => String(fields.day ?? fields.issueDate ?? '');
  return day(b).localeCompare(day(a));
}

export function pluralTitle(title: string): string {
  if (title === 'Company') return 'My company';
  if (/[^aeiou]y$/.test(title)) return `${title.slice(0, -1)}ies`;
  return `${title}s`;
}
