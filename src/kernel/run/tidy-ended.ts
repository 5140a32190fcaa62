import { readEffect } from '../effects/commit.ts';
import { isUndecided } from '../effects/lifecycle.ts';
import { fact } from '../events.ts';
import { effectsFold, itemsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import { say, type Turn } from './turn.ts';

const BECAUSE = 'The run that wanted it is over.';

/**
 * A run that ends before its plan does leaves nothing open: no timer, no card that could still be
 * signed, no number that nobody will use. Part of the very append that ends it.
 */
export async function tidyEnded(ports: KernelPorts, turn: Turn): Promise<void> {
  const { run, batch } = turn;
  const ends = batch.events.some(({ type }) => type === 'run.finished');
  if (!ends || (run.status !== 'failed' && run.status !== 'cancelled')) return;
  for (const step of [...run.waitingSteps]) say(turn, 'wait.ended', { step, how: 'cancel' });
  const { log } = ports;
  const touched = new Set(batch.others.map(({ stream }) => stream));
  for (const { row } of await log.fold(effectsFold).list({ index: 'run', equals: run.id })) {
    const stream = `effect/${row.key}`;
    const isOpen = isUndecided(row.status) || row.status === 'approved' || row.status === 'held';
    if (!isOpen || touched.has(stream)) continue;
    batch.others.push({
      stream,
      expectedVersion: await log.streamVersion(stream),
      events: [fact('effect.withdrawn', { because: BECAUSE }, { run: run.id })],
    });
    const { effect } = await readEffect(ports, row);
    for (const { series, number } of effect.numbers) {
      batch.others.push({
        stream: `series/${series}`,
        expectedVersion: 'any',
        events: [fact('number.released', { number, key: row.key }, { run: run.id })],
      });
    }
  }
  for (const { row } of await log.fold(itemsFold).list({ index: 'run', equals: run.id })) {
    const stream = `item/${row.id}`;
    if (touched.has(stream)) continue;
    batch.others.push({
      stream,
      expectedVersion: await log.streamVersion(stream),
      events: [fact('item.closed', { how: 'withdrawn', by: 'kernel' }, { run: run.id })],
    });
  }
}
