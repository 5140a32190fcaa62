import { useRef, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { Json } from '../../../src/base/portable.ts';
import { call } from '../api/call.ts';
import { isOfRun } from '../api/live.ts';
import { useResource } from '../api/resource.ts';
import type { RunPage, Submitted } from '../api/shapes.ts';
import { HeldLine } from '../card/held-line.tsx';
import { lookOnly } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { Drawing } from '../parts/drawing.tsx';
import { notify, tellProblem } from '../parts/notice.tsx';
import { JsonSource } from '../parts/source.tsx';
import { Loading, Trouble } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { formatDuration, formatMoment, withMoments } from '../words/format.ts';
import { bareName, EFFECT_WORDS, runWords } from '../words/status.ts';
import { visible } from '../words/visible.ts';
import { DecisionsSection } from './decisions-section.tsx';
import { StepsTable } from './steps-table.tsx';

const ENDED: ReadonlySet<string> = new Set(['done', 'failed', 'cancelled']);

/** One run: its plan as it fills, its steps, what it sent, and why it waits. */
export function RunCard({ id }: { readonly id: string }) {
  const path = `/api/runs/${encodeURIComponent(id)}`;
  const run = useResource<RunPage>(path, (event) => isOfRun(event, id));
  const page = run.data.value;
  const [, go] = useLocation();
  if (!page) {
    const problem = run.problem.value;
    return (
      <div class="card">
        {problem === undefined ? <Loading lines={8} /> : <Trouble error={problem} />}
      </div>
    );
  }
  const says = runWords(page.status);
  return (
    <article class="card wide" aria-labelledby="card-title">
      <header class="card-head">
        <p class="kicker">
          <Status say={says} />
          {page.playbook ? <span>{bareName(page.playbook)}</span> : null}
          <time dateTime={page.startedAt}>{formatMoment(page.startedAt)}</time>
          {page.endedAt ? <span>took {formatDuration(page.startedAt, page.endedAt)}</span> : null}
        </p>
        <h2 id="card-title" tabIndex={-1}>
          {visible(page.goal)}
        </h2>
      </header>
      <Waiting page={page} />
      <HeldLine effects={page.effects} run={page.id} />
      {page.failure ? (
        <div class={page.status === 'cancelled' ? 'banner' : 'banner tone-stop'}>
          <span>
            <strong>{visible(textOf(page.failure.message))}</strong>{' '}
            {visible(textOf(page.failure.remedy))}
          </span>
        </div>
      ) : null}
      <div class="run-body">
        {page.drawing ? (
          <section class="run-plan" aria-label="The plan">
            <Drawing svg={page.drawing} />
          </section>
        ) : null}
        <section class="plain-section" aria-labelledby="steps">
          <h3 id="steps">Steps</h3>
          <StepsTable page={page} />
        </section>
      </div>
      {page.effects.length > 0 ? (
        <section class="plain-section" aria-labelledby="effects">
          <h3 id="effects">What it does outside</h3>
          <ul class="lines">
            {page.effects.map((effect) => (
              <li key={effect.hash}>
                <span>{visible(effect.summary)}</span>
                <Status say={EFFECT_WORDS[effect.status]} />
                {effect.receipt ? (
                  <span class="receipt muted">{visible(effect.receipt.said)}</span>
                ) : null}
                {effect.status === 'committed' && effect.undo?.possible ? (
                  <Action
                    label="Take it back"
                    look="quiet"
                    off={lookOnly.value}
                    onAct={() => void undo(effect.hash, go)}
                  />
                ) : null}
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <DecisionsSection run={page.id} />
      <details class="quiet-details">
        <summary>What it was given and decided on</summary>
        <dl class="pairs">
          {page.snapshot ? (
            <div>
              <dt>Decided on</dt>
              <dd>
                event {page.snapshot.seq}, policy {page.snapshot.policy}, memory{' '}
                {page.snapshot.space}
              </dd>
            </div>
          ) : null}
          <div>
            <dt>Run</dt>
            <dd>
              <code>{page.id}</code>
            </dd>
          </div>
        </dl>
        <JsonSource value={page.input} />
      </details>
      {ENDED.has(page.status) ? null : <Cancel id={page.id} onDone={() => void run.refresh()} />}
    </article>
  );
}

/** Opens the card that asks whether it shall be taken back. */
async function undo(hash: string, go: (path: string) => void): Promise<void> {
  try {
    const path = `/api/effects/${encodeURIComponent(hash)}/undo`;
    const { run, items } = await call<Submitted>('POST', path, {});
    const [item] = items;
    go(item ? `/inbox/${item.id}` : `/runs/${run}`);
  } catch (error) {
    tellProblem(error);
  }
}

function Waiting({ page: { why } }: { readonly page: RunPage }) {
  if (!why) return null;
  return (
    <p class="banner tone-warn">
      <span>
        {visible(withMoments(why.words))}{' '}
        {why.item ? <Link href={`/inbox/${why.item}`}>Open what waits for you</Link> : null}
        {why.run ? <Link href={`/runs/${why.run}`}>Open that run</Link> : null}
      </span>
    </p>
  );
}

function Cancel({ id, onDone }: { readonly id: string; readonly onDone: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  async function cancel(): Promise<void> {
    setBusy(true);
    try {
      await call('POST', `/api/runs/${encodeURIComponent(id)}/cancel`, {});
      notify({ words: 'Cancelled. What waited for you in it was withdrawn.' });
    } catch (error) {
      tellProblem(error);
    }
    setBusy(false);
    dialog.current?.close();
    onDone();
  }
  return (
    <footer class="quiet-footer">
      <Action
        label="Cancel this run"
        off={lookOnly.value}
        onAct={() => dialog.current?.showModal()}
      />
      <dialog ref={dialog} aria-labelledby="cancel-title">
        <h2 id="cancel-title">Cancel this run?</h2>
        <p>
          It stops at the next safe point. What waits for you in it is withdrawn; what was sent
          stays sent.
        </p>
        <div class="form-actions">
          <Action label="Cancel the run" look="stop" busy={busy} onAct={() => void cancel()} />
          <Action label="Keep it" look="quiet" onAct={() => dialog.current?.close()} />
        </div>
      </dialog>
    </footer>
  );
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
