import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agent/index.ts';
import type { Id, JsonObject } from '../../src/base/index.ts';
import { OWN } from '../../src/contract/index.ts';
import { effectsFold, readEffect } from '../../src/kernel/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
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

test('a step reads as of one moment whatever changes meanwhile, and names it', async () => {
  const asked = Promise.withResolvers<void>();
  const changed = Promise.withResolvers<void>();
  const reader = defineAgent(
    {
      ...{ name: 'party.twice', version: 1, title: 'Read twice', effect: 'read' },
      ...{ idempotency: 'idempotent', failures: {}, roles: {}, timeoutMs: 120_000 },
      ...{ cost: { microUsd: 0, latencyMs: 1 }, placement: 'this-machine' },
      reads: { party: ['name'] },
      input: z.strictObject({ id: z.string(), named: z.string() }),
      output: z.strictObject({ names: z.array(z.string()) }),
    },
    async ({ id, named }, { records }) => {
      const name = async () => String((await records.find('party', id))?.fields.name);
      const first = await name();
      asked.resolve();
      await changed.promise;
      const [listed] = await records.list('party', { name: 'Before' });
      return { output: { names: [named, first, await name(), String(listed?.fields.name)] } };
    },
  );
  const twice: JsonObject = {
    ...{ name: 'twice', version: 1, title: 'Twice', autonomy: 'auto' },
    input: { fields: [{ name: 'id', kind: 'text', required: true }] },
    plan: {
      steps: [
        {
          id: 'read',
          call: 'party.twice@1',
          with: {
            id: { $expr: 'input.id' },
            named: { $ref: ['party', { $expr: 'input.id' }, 'name'] },
          },
        },
      ],
    },
  };
  await withHome(async (home) => {
    const composed = await composeKernel({
      ...{ home, store: 'memory', agents: [reader], playbooks: [twice] },
    });
    const { kernel, log } = composed;
    const id = composed.newId();
    const set = { kinds: ['customer'], name: 'Before' };
    await kernel.change([{ type: 'create', record: 'party', id, set }], who);
    const { run } = await kernel.submit({
      ...{ words: 'x', playbook: 'twice' },
      input: { id },
      by: 'x',
    });
    await asked.promise;
    const moment = log.head().seq;
    await change(composed, id, { name: 'After' });
    changed.resolve();
    await expect.poll(async () => (await kernel.rest(run)).status).toBe('done');
    const events = await log.readStream(`run/${run}`);
    const done = events.find(({ type }) => type === 'step.completed');
    expect(done?.data.output).toEqual({ names: ['Before', 'Before', 'Before', 'Before'] });
    const readAt = Number(done?.data.readAt);
    expect(readAt).toBeGreaterThan(0);
    expect(readAt).toBeLessThanOrEqual(moment);
    expect((await kernel.records.at(readAt).get('party', id)).fields.name).toBe('Before');
    expect(await kernel.past.step(run, 'read')).toMatchObject({
      readAt,
      input: { id, named: 'Before' },
    });
    expect(await kernel.past.replay(run)).toMatchObject({ status: 'identical' });
    await composed.close();
  });
});
