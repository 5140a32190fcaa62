import { expect, test } from 'vitest';
import { OWN } from '../../src/contract/index.ts';
import { type Composed, withHome } from '../support/compose-kernel.ts';
import { askForInvoice, openInvoiceHome, partyNamed } from '../support/invoice-flow.ts';

const who = { by: 'operator:test', label: OWN };

async function open({ kernel }: Composed): Promise<readonly string[]> {
  return (await kernel.items.list()).map(({ id }) => id);
}

async function withCard(
  work: (composed: Composed, item: string, reopen: () => Promise<Composed>) => Promise<void>,
): Promise<void> {
  await withHome(async (home) => {
    let composed = await openInvoiceHome({ home });
    await askForInvoice(composed);
    const [item = ''] = await open(composed);
    await work(composed, item, async () => {
      composed = await openInvoiceHome({ home });
      return composed;
    });
    expect(composed.problems).toEqual([]);
    await composed.close();
  });
}

function rename({ kernel }: Composed, party: string, name: string) {
  return kernel.change([{ type: 'change', record: 'party', id: party, set: { name } }], who);
}

test('a card put off until something happens comes back then, and for nothing else', () =>
  withCard(async (composed, item) => {
    const acme = await partyNamed(composed, 'Acme');
    const other = (await composed.kernel.records.list('party')).find(({ id }) => id !== acme);
    await rename(composed, acme, 'Before'); // what happened before it was put off does not count
    const event = { type: 'party.changed', of: `party/${acme}` };
    await composed.kernel.items.snooze(item, { event }, 'operator:test');
    expect(await open(composed)).toEqual([]);
    await rename(composed, other?.id ?? '', 'Somebody else');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await open(composed)).toEqual([]);
    await rename(composed, acme, 'After');
    await expect.poll(() => open(composed)).toEqual([item]);
  }));

test('an event of any record brings it back where none was named', () =>
  withCard(async (composed, item) => {
    await composed.kernel.items.snooze(item, { event: { type: 'party.changed' } }, 'x');
    await rename(composed, await partyNamed(composed, 'Acme'), 'After');
    await expect.poll(() => open(composed)).toEqual([item]);
  }));

test('what happened while the process was gone brings it back at the next start', () =>
  withCard(async (composed, item, reopen) => {
    const acme = await partyNamed(composed, 'Acme');
    await composed.kernel.items.snooze(item, { event: { type: 'party.changed' } }, 'x');
    // appended and never delivered: the process ends before anybody looks
    const done = rename(composed, acme, 'After');
    composed.kernel.close();
    await done;
    await composed.log.close();
    const next = await reopen();
    await expect.poll(() => open(next)).toEqual([item]);
  }));

test('nothing, a time that is over, and an event that cannot be are refused', () =>
  withCard(async ({ kernel }, item) => {
    for (const until of [
      {},
      { until: 1 },
      { event: { type: 'whatever' } },
      { event: { type: 'item.snoozed' } },
    ]) {
      await expect(kernel.items.snooze(item, until, 'x')).rejects.toMatchObject({
        code: 'invalid_input',
      });
    }
    expect((await kernel.items.list()).map(({ id }) => id)).toEqual([item]);
  }));
