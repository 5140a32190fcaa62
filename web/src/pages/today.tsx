import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { call } from '../api/call.ts';
import { onEvent } from '../api/live.ts';
import type { LogEvent } from '../api/shapes.ts';
import { nowMs } from '../clock.ts';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/panes.tsx';
import { Empty, Loading, Trouble } from '../parts/states.tsx';
import { formatDay, formatMoney, formatTime, isToday } from '../words/format.ts';
import { tellEvent } from '../words/tell-event.ts';
import { tellItem } from '../words/tell-item.ts';
import { visible } from '../words/visible.ts';
import { DoBox } from './do-box.tsx';
import { HealthLights } from './health.tsx';
import { useInbox } from './inbox.tsx';

/** of what waits; the inbox has the others */
const WAITING_SHOWN = 8;

/** events read back for one day at first; a busier day is in the log */
const READ_BACK = 1_000;

/** One page: what waits, and what happened today. */
export function Today() {
  const { items: inbox = [], total = 0 } = useInbox().data.value ?? {};
  const { events, problem } = useRecentEvents();
  const today = events?.filter((event) => isToday(event.at)) ?? [];
  const told = today.flatMap((event) => {
    const says = tellEvent(event);
    return says ? [{ ...says, event }] : [];
  });
  const written = today.filter(({ type }) => /\.(created|changed)$/.test(type)).length;
  return (
    <Page title="Today" intro={<p class="muted">{formatDay(nowMs())}</p>}>
      <DoBox />
      <section class="plain-section" aria-labelledby="waits">
        <h2 id="waits">What waits for you</h2>
        {inbox.length === 0 ? (
          <p class="muted">Nothing.</p>
        ) : (
          <ul class="lines">
            {inbox.slice(0, WAITING_SHOWN).map((item) => {
              const amount = item.effects.find((effect) => effect.amount)?.amount;
              return (
                <li key={item.id}>
                  <Link href={`/inbox/${item.id}`}>{visible(tellItem(item).title)}</Link>
                  {amount ? <span class="number">{formatMoney(amount)}</span> : null}
                </li>
              );
            })}
            {total > WAITING_SHOWN ? (
              <li>
                <Link href="/">{total - WAITING_SHOWN} more in the inbox</Link>
              </li>
            ) : null}
          </ul>
        )}
      </section>
      <section class="plain-section" aria-labelledby="happened">
        <h2 id="happened">What happened</h2>
        {problem !== undefined && !events ? <Trouble error={problem} /> : null}
        {!events && problem === undefined ? <Loading /> : null}
        {events && told.length === 0 && written === 0 ? <Empty words="Nothing yet today." /> : null}
        <ol class="timeline">
          {told.toReversed().map(({ words, icon, tone, event }) => (
            <li key={event.seq}>
              <time dateTime={new Date(event.at).toISOString()}>{formatTime(event.at)}</time>
              <span class={`status tone-${tone}`}>
                <Icon name={icon} />
              </span>
              <span>
                {visible(words)}{' '}
                {event.run ? (
                  <Link class="quiet-link" href={`/runs/${event.run}`}>
                    run
                  </Link>
                ) : null}
              </span>
            </li>
          ))}
        </ol>
        {written > 0 ? (
          <p class="muted">
            {written === 1 ? 'One change' : `${written} changes`} in your{' '}
            <Link href="/business">books</Link>. Everything is in the <Link href="/log">log</Link>.
          </p>
        ) : null}
      </section>
      <HealthLights />
    </Page>
  );
}

/** The newest events of the log, followed live. */
function useRecentEvents(): {
  readonly events: readonly LogEvent[] | undefined;
  readonly problem: unknown;
} {
  const [events, setEvents] = useState<readonly LogEvent[]>();
  const [problem, setProblem] = useState<unknown>();
  useEffect(() => {
    let gone = false;
    const stop = onEvent((event) => setEvents((known) => known && withEvent(known, event)));
    readRecent().then(
      (found) => !gone && setEvents(found),
      (error: unknown) => !gone && setProblem(error),
    );
    return () => {
      gone = true;
      stop();
    };
  }, []);
  return { events, problem };
}

async function readRecent(): Promise<readonly LogEvent[]> {
  const { durableSeq } = await call<{ durableSeq: number }>('GET', '/api/log?limit=1');
  const after = Math.max(0, durableSeq - READ_BACK);
  const { events } = await call<{ events: readonly LogEvent[] }>(
    'GET',
    `/api/log?after=${after}&limit=${READ_BACK}`,
  );
  return events;
}

function withEvent(known: readonly LogEvent[], event: LogEvent): readonly LogEvent[] {
  return known.some(({ seq }) => seq === event.seq) ? known : [...known, event];
}
