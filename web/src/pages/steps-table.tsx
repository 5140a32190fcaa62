import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { isJsonObject } from '../../../src/base/portable.ts';
import type { RunPage, RunStep, StepAhead } from '../api/shapes.ts';
import { Status } from '../parts/status.tsx';
import { formatDuration, withMoments } from '../words/format.ts';
import { bareName, NOT_REACHED, runWords } from '../words/status.ts';
import { visible } from '../words/visible.ts';
import { StepDetails } from './step-details.tsx';

/** steps of which there is nothing to be told yet */
const NOTHING_TOLD: ReadonlySet<string> = new Set(['pending', 'ready', 'skipped']);
/** names in the reason of a step; the drawing shows them all */
const NAMED = 3;

/** The steps of a run: what became of each, and of those that have not begun why not. */
export function StepsTable({ page }: { readonly page: RunPage }) {
  const { id: run, steps, ahead } = page;
  const titles = new Map([...steps, ...ahead.steps].map(({ id, title }) => [id, title]));
  const rows: readonly Row[] = [
    ...steps.map((step) => ({ id: step.id, row: <StepRow key={step.id} run={run} step={step} /> })),
    ...ahead.steps.map((step) => ({
      id: step.id,
      row: <AheadRow key={step.id} step={step} reason={reasonOf(step, titles)} />,
    })),
  ];
  return (
    <>
      <table class="steps">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">State</th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>{inGroups(rows).map(({ row }) => row)}</tbody>
      </table>
      {ahead.more > 0 ? <p class="muted">And {ahead.more} more that have not begun.</p> : null}
    </>
  );
}

interface Row {
  readonly id: string;
  readonly row: ComponentChildren;
}

interface Group {
  row?: Row;
  readonly inner: Map<string, Group>;
}

/** What is inside of a step stands beneath it, item by item and round by round. */
function inGroups(rows: readonly Row[]): readonly Row[] {
  const all: Group = { inner: new Map() };
  for (const row of rows) {
    let group = all;
    for (const part of row.id.split('/')) {
      const inner = group.inner.get(part) ?? { inner: new Map() };
      group.inner.set(part, inner);
      group = inner;
    }
    group.row = row;
  }
  return listed(all);
}

function listed({ row, inner }: Group): readonly Row[] {
  return [...(row ? [row] : []), ...[...inner.values()].flatMap(listed)];
}

function reasonOf(
  { words, waitsFor }: StepAhead,
  titles: ReadonlyMap<string, string | null | undefined>,
) {
  if (waitsFor.length === 0) return words;
  const names = waitsFor.slice(0, NAMED).map((id) => {
    const title = titles.get(id);
    return title ? `"${title}"` : id;
  });
  const more = waitsFor.length - names.length;
  return `Waits for ${names.join(', ')}${more > 0 ? ` (and ${more} more)` : ''}.`;
}

function depthOf(id: string): string {
  return `depth-${Math.min(id.split('/').length - 1, 3)}`;
}

function AheadRow({ step, reason }: { readonly step: StepAhead; readonly reason: string }) {
  return (
    <tr class="step-ahead">
      <th scope="row" class={depthOf(step.id)}>
        <span class="step-name">
          {visible(step.title ?? step.id)}
          <span class="step-detail">{visible(reason)}</span>
        </span>
      </th>
      <td>
        <Status say={step.isComing ? runWords('pending') : NOT_REACHED} />
      </td>
      <td />
    </tr>
  );
}

function StepRow({ run, step }: { readonly run: string; readonly step: RunStep }) {
  const [isOpen, setOpen] = useState(false);
  const message = isJsonObject(step.error) ? step.error.message : undefined;
  const detail = step.waiting?.words ?? step.because ?? message;
  const name = (
    <>
      {visible(step.title ?? step.id)}
      {step.capability ? <span class="muted"> {bareName(step.capability)}</span> : null}
      {typeof detail === 'string' && detail !== '' ? (
        <span class="step-detail">{visible(withMoments(detail))}</span>
      ) : null}
    </>
  );
  return (
    <>
      <tr>
        <th scope="row" class={depthOf(step.id)}>
          {NOTHING_TOLD.has(step.status) ? (
            <span class="step-name">{name}</span>
          ) : (
            <button
              type="button"
              class="step-name step-opens"
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
            >
              {name}
            </button>
          )}
        </th>
        <td>
          <Status say={runWords(step.status)} />
          {step.attempts > 1 ? <span class="muted"> {step.attempts} tries</span> : null}
        </td>
        <td class="number">
          {step.startedAt && step.endedAt ? formatDuration(step.startedAt, step.endedAt) : ''}
        </td>
      </tr>
      {isOpen ? (
        <tr class="step-opened">
          <td colSpan={3}>
            <StepDetails run={run} step={step} />
          </td>
        </tr>
      ) : null}
    </>
  );
}
