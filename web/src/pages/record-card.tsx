import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { call } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import type { HistoryRow, RecordRow, RecordTypeInfo } from '../api/shapes.ts';
import { lookOnly } from '../device/session.ts';
import { useKeys } from '../keys/keys.ts';
import { Action } from '../parts/action.tsx';
import { notify, tellProblem } from '../parts/notice.tsx';
import { Loading, Trouble } from '../parts/states.tsx';
import { formatMoment } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import { ErasePerson } from './erase-person.tsx';
import { RecordFields } from './record-fields.tsx';
import { RecordForm } from './record-form.tsx';

/** One record: its fields now or as of any change, its history, and an edit by hand. */
export function RecordCard({ info, id }: { readonly info: RecordTypeInfo; readonly id: string }) {
  const path = `/api/records/${encodeURIComponent(info.type)}/${encodeURIComponent(id)}`;
  const [at, setAt] = useState<number>();
  const [editing, setEditing] = useState(false);
  const touches = (event: { readonly stream: string }): boolean =>
    event.stream === `${info.type}/${id}`;
  const now = useResource<RecordRow>(path, touches);
  const then = useResource<RecordRow>(at === undefined ? null : `${path}?at=${at}`);
  const history = useResource<readonly HistoryRow[]>(`${path}/history`, touches);
  const off = lookOnly.value;
  useKeys({ e: () => (off === undefined && !editing ? setEditing(true) : undefined) });

  const current = now.data.value;
  if (!current) {
    const problem = now.problem.value;
    return (
      <div class="card">
        {problem === undefined ? <Loading lines={8} /> : <Trouble error={problem} />}
      </div>
    );
  }
  if (editing) {
    return (
      <RecordForm
        info={info}
        record={current}
        onCancel={() => setEditing(false)}
        onSaved={() => {
          setEditing(false);
          void now.refresh();
          void history.refresh();
        }}
      />
    );
  }
  const shown = at === undefined ? current : then.data.value;
  return (
    <article class="card" aria-labelledby="card-title">
      <header class="card-head">
        <p class="kicker">
          <span>{info.title}</span>
          {current.archived ? <span class="tag">archived</span> : null}
          <span>version {shown?.version ?? current.version}</span>
        </p>
        <h2 id="card-title" tabIndex={-1}>
          {visible(current.title)}
        </h2>
      </header>
      <div class="actions">
        <Action label="Edit" hotkey="e" off={off} onAct={() => setEditing(true)} />
        {current.archived ? null : (
          <Archive path={path} off={off} onDone={() => void now.refresh()} />
        )}
      </div>
      {at === undefined ? null : (
        <p class="banner">
          <span>
            This is how it was after event {at}.{' '}
            <button type="button" class="action quiet" onClick={() => setAt(undefined)}>
              Show it as it is now
            </button>
          </span>
        </p>
      )}
      {shown ? (
        <RecordFields
          info={info}
          fields={shown.fields}
          now={at === undefined ? undefined : current.fields}
        />
      ) : (
        <Loading />
      )}
      <section class="plain-section" aria-labelledby="history">
        <h3 id="history">History</h3>
        <ol class="timeline">
          {(history.data.value ?? []).toReversed().map((event) => (
            <li key={event.seq}>
              <time dateTime={event.at}>{formatMoment(event.at)}</time>
              <span>
                {visible(event.words)} <span class="muted">by {whoWords(event.by)}</span>{' '}
                {event.run ? (
                  <Link class="quiet-link" href={`/runs/${event.run}`}>
                    run
                  </Link>
                ) : null}
                <button
                  type="button"
                  class="action quiet"
                  aria-pressed={at === event.seq}
                  onClick={() => setAt(at === event.seq ? undefined : event.seq)}
                >
                  As it was then<span class="only-heard"> after event {event.seq}</span>
                </button>
              </span>
            </li>
          ))}
        </ol>
      </section>
      {PEOPLE.includes(info.type) ? (
        <ErasePerson
          key={id}
          person={current}
          off={off}
          onDone={() => {
            void now.refresh();
            void history.refresh();
          }}
        />
      ) : null}
    </article>
  );
}

/** records about somebody: what is personal in them can be erased */
const PEOPLE = ['party', 'contact'];

function Archive({
  path,
  off,
  onDone,
}: {
  readonly path: string;
  readonly off: string | undefined;
  readonly onDone: () => void;
}) {
  async function archive(): Promise<void> {
    try {
      await call('POST', `${path}/archive`, {});
      notify({ words: 'Archived. Nothing was deleted.' });
    } catch (error) {
      tellProblem(error);
    }
    onDone();
  }
  return <Action label="Archive" look="quiet" off={off} onAct={() => void archive()} />;
}

/** `operator:<device>` is you. */
export function whoWords(by: string): string {
  if (by.startsWith('operator')) return 'you';
  return by === 'kernel' ? 'Steward' : by.replace(/^(agent|connector):/, '').replace(/@\d+$/, '');
}
