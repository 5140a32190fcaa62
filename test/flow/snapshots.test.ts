import { expect, test } from 'vitest';
import type { Id, JsonObject } from '../../src/base/index.ts';
import { OWN } from '../../src/contract/index.ts';
import { effectsFold, readEffect } from '../../src/kernel/index.ts';
import { type Composed, withHome } from '../support/compose-kernel.ts';
import { askForInvoice, openInvoiceHome, partyNamed } from '../support/invoice-flow.ts';

const who = { by: 'operator:test', label: OWN };

async function withInvoice(work: (composed: Composed, run: Id) => Promise<void>): Promise<void> {
  await withHome(async (home) => {
    const composed = await openInvoiceHome({ home, store: 'memory' });
    const { id } = await askForInvoice(composed);
    await work(composed, id);
    await composed.close();
  });
}

function change({ kernel }: Composed, party: Id, set: JsonObject) {
  return kernel.change([{ type: 'change', record: 'party', id: party, set }], who);
}

test('an effect names the snapshot it was prepared on, and reading as of it gives what it read', () =>
  withInvoice(async (composed, run) => {
    const { kernel, log } = composed;
    const party = await partyNamed(composed, 'Acme');
    const before = await kernel.records.get('party', party);
    await change(composed, party, { name: 'Acme Holding' });
    const rows = await log.fold(effectsFold).list({ index: 'run', equals: run });
    expect(rows.length).toBeGreaterThan(0);
    for (const { row } of rows) {
      const { effect, snapshot } = await readEffect(composed, row);
      const [event] = await log.read({ after: (snapshot?.seq ?? 0) - 1, limit: 1 });
      expect(event?.hash).toBe(snapshot?.hash);
      const then = kernel.records.at(snapshot?.seq ?? 0);
      for (const precondition of effect.preconditions) {
        if (precondition.type !== 'stream') continue;
        const [type = '', id = ''] = precondition.stream.split('/');
        expect((await then.get(type, id)).version).toBe(precondition.version);
      }
      expect(await then.get('party', party)).toEqual(before);
    }
  }));

test('records of a moment are listed as they were, whatever was changed, made or archived since', () =>
  withInvoice(async (composed) => {
    const { kernel, log, newId } = composed;
    const { seq } = log.head();
    const before = await kernel.records.list('party');
    const [first, second] = before;
    await change(composed, first?.id ?? '', { name: 'Other' });
    await kernel.change([{ type: 'archive', record: 'party', id: second?.id ?? '' }], who);
    await kernel.change(
      [{ type: 'create', record: 'party', id: newId(), set: { kinds: ['customer'], name: 'New' } }],
      who,
    );
    const then = kernel.records.at(seq);
    expect(await then.list('party')).toEqual(before);
    expect(await then.list('party', { name: first?.fields.name ?? '' })).toEqual([first]);
    expect(await kernel.records.list('party')).not.toEqual(before);
  }));
