import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { atPath, isJsonObject, type Json, type JsonObject } from '../../../src/base/portable.ts';
import { blobHash } from '../../../src/contract/portable.ts';
import { fetchBlob } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import type { FieldInfo, RecordRow, RecordTypeInfo } from '../api/shapes.ts';
import type { ShownFile } from '../card/check-card.ts';
import { Files } from '../card/files.tsx';
import { fieldWords, formatValue, isMoney } from '../words/format.ts';
import { visible } from '../words/visible.ts';

/** A record's filled fields, single ones first; `now` marks what is different from today. */
export function RecordFields({
  info,
  fields,
  now,
}: {
  readonly info: RecordTypeInfo;
  readonly fields: JsonObject;
  readonly now?: JsonObject | undefined;
}) {
  const filled = info.fields.filter(
    ({ path }) => atPath(fields, path) !== undefined || (now && atPath(now, path) !== undefined),
  );
  const isTable = ({ path }: FieldInfo): boolean => isListOfObjects(atPath(fields, path));
  const single = filled.filter((field) => !field.path.includes('.') && !isTable(field));
  const groups = Map.groupBy(
    filled.filter((field) => field.path.includes('.') && !isTable(field)),
    ({ path }) => path.slice(0, path.indexOf('.')),
  );
  return (
    <>
      <Pairs fields={single} values={fields} now={now} />
      {filled.filter(isTable).map(({ path }) => (
        <section key={path} class="plain-section">
          <h3>{fieldWords(path)}</h3>
          <ListTable rows={atPath(fields, path)} />
        </section>
      ))}
      {[...groups].map(([head, inside]) => (
        <section key={head} class="plain-section">
          <h3>{fieldWords(head)}</h3>
          <Pairs fields={inside} values={fields} now={now} below={head} />
        </section>
      ))}
    </>
  );
}

function Pairs({
  fields,
  values,
  now,
  below,
}: {
  readonly fields: readonly FieldInfo[];
  readonly values: JsonObject;
  readonly now: JsonObject | undefined;
  readonly below?: string;
}) {
  return (
    <dl class="pairs">
      {fields.map((field) => {
        const value = atPath(values, field.path);
        const other = now && atPath(now, field.path);
        const differs = now !== undefined && JSON.stringify(value) !== JSON.stringify(other);
        const name = below === undefined ? field.path : field.path.slice(below.length + 1);
        return (
          <div key={field.path} class={differs ? 'differs' : undefined}>
            <dt>{fieldWords(name)}</dt>
            <dd>
              <FieldValue field={field} value={value} />
              {differs ? <span class="muted"> now: {formatValue(other)}</span> : null}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function FieldValue({
  field,
  value,
}: {
  readonly field: FieldInfo;
  readonly value: Json | undefined;
}) {
  const { reference, path } = field;
  if (reference && typeof value === 'string') return <RecordLink type={reference} id={value} />;
  if (reference && Array.isArray(value)) {
    return (
      <ul class="plain-list">
        {value
          .filter((one) => typeof one === 'string')
          .map((id) => (
            <li key={id}>
              <RecordLink type={reference} id={id} />
            </li>
          ))}
      </ul>
    );
  }
  const isFile = typeof value === 'string' && FILE_PATH.test(path) && /^[0-9a-f]{64}$/.test(value);
  return isFile ? <StoredFile path={path} blob={value} /> : formatValue(value);
}

function RecordLink({ type, id }: { readonly type: string; readonly id: string }) {
  const { data } = useResource<RecordRow>(
    `/api/records/${encodeURIComponent(type)}/${encodeURIComponent(id)}`,
  );
  return (
    <Link href={`/business/${type}/${id}`}>{data.value ? visible(data.value.title) : id}</Link>
  );
}

/** Fields that name stored bytes. */
const FILE_PATH = /(^|\.)(blob|pdf|xml|logo)$/;
const MEDIA_TYPES = [
  [/pdf$/, 'application/pdf'],
  [/xml$/, 'application/xml'],
  [/blob$/, 'text/plain'],
] as const;

/** A stored file, fetched when somebody wants to see it, and shown only if it is what its hash says. */
function StoredFile({ path, blob }: { readonly path: string; readonly blob: string }) {
  const [file, setFile] = useState<ShownFile | 'lost'>();
  async function show(): Promise<void> {
    const bytes = await fetchBlob(blob).catch(() => undefined);
    const isWhole = bytes !== undefined && (await blobHash(bytes)) === blob;
    const mediaType = MEDIA_TYPES.find(([pattern]) => pattern.test(path))?.[1];
    setFile(
      isWhole
        ? {
            ...{ name: `${path.split('.').at(-1)}`, blob, bytes: new Uint8Array(bytes) },
            mediaType: mediaType ?? 'application/octet-stream',
          }
        : 'lost',
    );
  }
  if (file === 'lost') return <span class="tone-stop">This file is missing or was altered.</span>;
  if (file) return <Files files={[file]} shownBefore={new Set()} />;
  return (
    <button type="button" class="action quiet" onClick={() => void show()}>
      Show
    </button>
  );
}

/** Columns in the order in which people read them; others follow. */
const FIRST = [
  'text',
  'detail',
  'quantity',
  'unitPrice',
  'net',
  'vat',
  'category',
  'rateBasisPoints',
];

/** Lines of an invoice and the like: one row each, one column per member. */
function ListTable({ rows }: { readonly rows: Json | undefined }) {
  const lines = Array.isArray(rows) ? rows.filter(isJsonObject) : [];
  const names = new Set([...FIRST, ...lines.flatMap((line) => Object.keys(line))]);
  const columns = [...names].filter(
    (name) =>
      lines.some((line) => line[name] !== undefined) && !lines.some((line) => isIdList(line[name])),
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-scroll" tabIndex={0} aria-label="Lines">
      <table class="compare">
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {fieldWords(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line, index) => (
            <tr key={index}>
              {columns.map((name) => (
                <td key={name} class={isShort(line[name]) ? 'number nowrap' : undefined}>
                  {name === 'rateBasisPoints'
                    ? `${Number(line[name]) / 100} %`
                    : formatValue(line[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** An amount, a quantity, a rate: one word to the eye. */
function isShort(value: Json | undefined): boolean {
  return isMoney(value) || formatValue(value).length <= SHORT;
}

/** letters, as in `12.75 hour` */
const SHORT = 12;

/** Ids of other records: those records say where they belong. */
function isIdList(value: Json | undefined): boolean {
  return Array.isArray(value) && value.some((one) => typeof one === 'string' && one.length > 30);
}

function isListOfObjects(value: Json | undefined): boolean {
  return Array.isArray(value) && value.some((one) => isJsonObject(one));
}
