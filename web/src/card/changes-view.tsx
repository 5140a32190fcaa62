import { Link } from 'wouter-preact';
import type { CarriedChange } from '../../../src/contract/portable.ts';
import { useResource } from '../api/resource.ts';
import type { RecordRow } from '../api/shapes.ts';
import { fieldWords, formatValue } from '../words/format.ts';
import { type ChangeGroup, changedFieldsOf, groupChanges } from './record-changes.ts';

/** What changes in the company's own books with this effect, before and after. */
export function ChangesView({ carries }: { readonly carries: readonly CarriedChange[] }) {
  if (carries.length === 0) return null;
  return (
    <details class="changes quiet-details">
      <summary>In your books: {groupChanges(carries).map(groupWords).join('; ')}</summary>
      {groupChanges(carries).map((group) => (
        <GroupView key={`${group.record}/${group.ids[0]}/${group.type}`} group={group} />
      ))}
    </details>
  );
}

function GroupView({ group }: { readonly group: ChangeGroup }) {
  const [id = ''] = group.ids;
  const isNew = group.type === 'create';
  const path = `/api/records/${encodeURIComponent(group.record)}/${encodeURIComponent(id)}`;
  const { data } = useResource<RecordRow>(isNew || group.ids.length > 1 ? null : path);
  const fields = changedFieldsOf(group.command, data.value?.fields);
  return (
    <section class="change-group">
      <h4>
        {groupWords(group)}
        {isNew || group.ids.length > 1 ? null : (
          <>
            {' '}
            <Link href={`/business/${group.record}/${id}`}>{data.value?.title ?? 'open'}</Link>
          </>
        )}
      </h4>
      {fields.length > 0 ? (
        <table class="compare">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Now</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {fields.map(({ path: field, before, after }) => (
              <tr key={field}>
                <th scope="row">{fieldWords(field)}</th>
                <td>{isNew ? '–' : formatValue(before)}</td>
                <td>{formatValue(after)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  );
}

function groupWords({ record, ids, type, when }: ChangeGroup): string {
  const noun = record.replaceAll('-', ' ');
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  const what = ids.length === 1 ? `one ${noun}` : `${ids.length} ${plural}`;
  const verb = VERBS[type] ?? type.replaceAll('-', ' ');
  return `${what} ${verb}${when === 'committed' ? ' once it is done' : ''}`;
}

const VERBS: { readonly [type: string]: string } = {
  create: 'is created',
  change: 'is changed',
  archive: 'is archived',
  issue: 'is issued',
  bill: 'marked as billed',
  'record-sent': 'is marked as sent',
  void: 'is voided',
  credit: 'is credited',
};
