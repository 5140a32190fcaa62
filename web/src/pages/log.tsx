import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { call } from '../api/call.ts';
import { connection, onEvent } from '../api/live.ts';
import type { LogEvent } from '../api/shapes.ts';
import { Action } from '../parts/action.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/panes.tsx';
import { Loading, Trouble } from '../parts/states.tsx';
import { formatExact } from '../words/format.ts';
import { plainWords, tellEvent } from '../words/tell-event.ts';
import { visible } from '../words/visible.ts';
import { whoWords } from './record-card.tsx';

/** events per reading, and how many the page holds at most: a tail, not an archive */
const PAGE = 100;
const HELD = 1_000;

/** Every event as it was recorded, followed live, and the check that nobody changed it. */
export function LogPage() {
  const [events, setEvents] = useState<readonly LogEvent[]>();
  const [problem, setProblem] = useState<unknown>();
  useEffect(() => {
    let gone = false;
    const stop = onEvent((event) => setEvents((known) => known && merge(known, [event])));
    call<{ events: readonly LogEvent[] }>('GET', `/api/log?limit=${PAGE}`).then(
      (answer) => !gone && setEvents(merge([], answer.events)),
      (error: unknown) => !gone && setProblem(error),
    );
    return () => {
      gone = true;
      stop();
    };
  }, []);
  const oldest = events?.at(-1)?.seq ?? 1;
  async function older(): Promise<void> {
    const after = Math.max(0, oldest - 1 - PAGE);
    const answer = await call<{ events: readonly LogEvent[] }>(
      'GET',
      `/api/log?after=${after}&limit=${Math.min(PAGE, oldest - 1)}`,
    );
    setEvents((known) => merge(known ?? [], answer.events));
  }
  return (
    <Page
      title="Log"
      intro={
        <p class="muted">
          {connection.value.status === 'live' ? 'Newest first, live.' : 'Newest first.'}
        </p>
      }
    >
      <Verify />
      {problem !== undefined && !events ? <Trouble error={problem} /> : null}
      {events ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section class="table-scroll" tabIndex={0} aria-label="Events">
          <table class="log">
            <thead>
              <tr>
                <th scope="col">Event</th>
                <th scope="col">When</th>
                <th scope="col">What</th>
                <th scope="col">Who</th>
              </tr>
            </thead>
            <tbody>
              {events.map((event) => (
                <tr key={event.seq}>
                  <td class="number">{event.seq}</td>
                  <td class="number">{formatExact(event.at)}</td>
                  <td>
                    {visible(tellEvent(event)?.words ?? sentence(plainWords(event.type)))}{' '}
                    {event.run ? (
                      <Link class="quiet-link" href={`/runs/${event.run}`}>
                        run
                      </Link>
                    ) : null}
                  </td>
                  <td>{whoWords(event.by)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : problem === undefined ? (
        <Loading />
      ) : null}
      {events && oldest > 1 && events.length < HELD ? (
        <p>
          <Action label="Older events" onAct={() => void older().catch(setProblem)} />
        </p>
      ) : null}
    </Page>
  );
}

type Report =
  | {
      readonly status: 'intact';
      readonly events: number;
      readonly head: { readonly hash: string };
      readonly checkpoints?: readonly number[];
    }
  | { readonly status: 'broken'; readonly firstBadSeq: number; readonly reason: string };

function Verify() {
  const [report, setReport] = useState<Report>();
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  async function verify(): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      setReport(await call<Report>('POST', '/api/log/verify', {}));
    } catch (error) {
      setProblem(error);
    }
    setBusy(false);
  }
  return (
    <section aria-label="Check the log">
      <Action label="Check that nobody changed it" busy={busy} onAct={() => void verify()} />
      <div role="status">
        {report?.status === 'intact' ? (
          <p class="banner tone-ok">
            <Icon name="ok" />
            <span>
              All {report.events} events are as they were written.
              {report.checkpoints && report.checkpoints.length > 0
                ? ` They fit the signed checkpoint at event ${Math.max(...report.checkpoints)}.`
                : ' There is no checkpoint yet to compare the end with.'}{' '}
              <code>{report.head.hash}</code>
            </span>
          </p>
        ) : null}
        {report?.status === 'broken' ? (
          <p class="banner tone-stop">
            <Icon name="alert" />
            <span>
              <strong>Event {report.firstBadSeq} is not what was written.</strong>{' '}
              {visible(report.reason)} Keep the files as they are and restore the last backup into a
              new directory.
            </span>
          </p>
        ) : null}
      </div>
      {problem === undefined ? null : <Trouble error={problem} />}
    </section>
  );
}

/** Newest first, each once. */
function merge(known: readonly LogEvent[], more: readonly LogEvent[]): readonly LogEvent[] {
  const bySeq = new Map([...known, ...more].map((event) => [event.seq, event]));
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, HELD);
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
