import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/base/index.ts';
import { toFailure } from '../../src/contract/index.ts';
import { effectsFold, fact, runsFold } from '../../src/kernel/index.ts';
import type { Log } from '../../src/log/index.ts';
import { type Composed, withHome } from '../support/compose-kernel.ts';
import { createHandClock, DAY_MS, type HandClock, MINUTE_MS } from '../support/hand-clock.ts';
import {
  askForInvoice,
  issuedNumbers,
  messagesIn,
  openInvoiceHome,
  partyNamed,
  seriesOf,
} from '../support/invoice-flow.ts';
import { decideCard, newNonce, signEffects, typedBy } from '../support/operator.ts';

interface Bench extends Composed {
  readonly hand: HandClock;
  /** runs once, after the approval is in the log and before anything is committed */
  readonly afterApproval: (work: () => Promise<unknown>) => void;
}

async function withInvoices(work: (bench: Bench) => Promise<void>): Promise<void> {
  await withHome(async (home) => {
    const hand = createHandClock();
    let once: (() => Promise<unknown>) | undefined;
    const composed = await openInvoiceHome({
      home,
      store: 'memory',
      clock: hand,
      wrapLog: (log) =>
        afterApprovals(log, async () => {
          const now = once;
          once = undefined;
          await now?.();
        }),
    });
    try {
      await work({
        ...composed,
        hand,
        afterApproval: (then) => {
          once = then;
        },
      });
    } finally {
      await composed.close();
    }
  });
}

function afterApprovals(log: Log, then: () => Promise<void>): Log {
  return {
    ...log,
    append: async (batch, options) => {
      const appended = await log.append(batch, options);
      if (appended.events.some(({ type }) => type === 'approval.recorded')) await then();
      return appended;
    },
  };
}

test('the same signature sent twice at once has one effect', async () => {
  await withInvoices(async (bench) => {
    const { item, hashes } = await openCard(bench);
    const signed = await signEffects(bench, bench.operator, hashes);
    const codes = await settle([
      bench.kernel.items.decide(item, signed),
      bench.kernel.items.decide(item, signed),
    ]);
    expect(codes.sort()).toEqual(['already_decided', 'done']);
    await expectSentOnce(bench);
  });
});

test('two signatures over the same card at once have one effect', async () => {
  await withInvoices(async (bench) => {
    const { item, hashes } = await openCard(bench);
    const codes = await settle([
      bench.kernel.items.decide(item, await signEffects(bench, bench.operator, hashes)),
      bench.kernel.items.decide(item, await signEffects(bench, bench.operator, hashes)),
    ]);
    expect(codes.sort()).toEqual(['already_decided', 'done']);
    await expectSentOnce(bench);
  });
});

test('an approval and a rejection at once: exactly one of them counts', async () => {
  await withInvoices(async (bench) => {
    const { item, hashes } = await openCard(bench);
    const reject = await signEffects(bench, bench.operator, hashes, { decision: 'reject' });
    const codes = await settle([
      bench.kernel.items.decide(item, await signEffects(bench, bench.operator, hashes)),
      bench.kernel.items.decide(item, reject),
    ]);
    expect([...codes].sort()).toEqual(['already_decided', 'done']);
    const approved = codes[0] === 'done';
    if (approved) await expectSentOnce(bench);
    else expect([messagesIn(bench.home), await issuedNumbers(bench)]).toEqual([[], []]);
  });
});

test('a nonce that was used once is refused on another card', async () => {
  await withInvoices(async (bench) => {
    const first = await openCard(bench);
    const second = await openCard(bench, 'Studio');
    const nonce = newNonce();
    const codes: string[] = [];
    for (const { item, hashes } of [first, second]) {
      const signed = await signEffects(bench, bench.operator, hashes, { nonce });
      codes.push(...(await settle([bench.kernel.items.decide(item, signed)])));
    }
    expect(codes).toEqual(['done', 'already_decided']);
    await expectSentOnce(bench);
  });
});

test('an approval for another hash is refused as stale and sends nothing', async () => {
  await withInvoices(async (bench) => {
    const { item, hashes } = await openCard(bench);
    const changed = await bench.kernel.items.edit(
      item,
      { 'mail.subject': 'Rechnung' },
      typedBy('operator:x'),
    );
    expect(await settle([approve(bench, item, hashes)])).toEqual(['stale']);
    expect(messagesIn(bench.home)).toEqual([]);
    await approve(bench, item, live(changed));
    await expectSentOnce(bench);
  });
});

test('an address that was changed after the preview makes the card stale and shows the new one', async () => {
  await withInvoices(async (bench) => {
    const { item, hashes } = await openCard(bench);
    await moveParty(bench, 'Neuer Wall 5');
    const refusal = await bench.kernel.items
      .decide(item, await signEffects(bench, bench.operator, hashes))
      .then(() => undefined, toFailure);
    expect(refusal?.code).toBe('stale');
    expect(messagesIn(bench.home)).toEqual([]);
    expect(await issuedNumbers(bench)).toEqual([]);
    const card = await bench.kernel.items.open(item);
    expect(card.effects[0]?.preview.text).toContain('Neuer Wall 5');
    expect(refusal?.facts.effects).toEqual(
      card.effects.map(({ hash, effect }) => ({ hash, summary: effect.summary })),
    );
    await approve(bench, item, live(card));
    await expectSentOnce(bench);
  });
});

test('an address that is changed between approval and commit changes nothing of what was signed', async () => {
  await withInvoices(async (bench) => {
    const { item, run } = await openCard(bench);
    const { effects } = await bench.kernel.items.open(item);
    bench.afterApproval(() => moveParty(bench, 'Neuer Wall 5'));
    await decideCard(bench, item);
    await bench.kernel.rest(run);
    await expectSentOnce(bench);
    const signed = effects[1]?.effect.parts.find(({ use }) => use === 'exact');
    const [name = ''] = messagesIn(bench.home);
    const sent = readFileSync(join(bench.home, 'sandbox/outbox/new', name));
    expect(sha256(sent)).toBe(signed?.blob);
  });
});

test('a sender that is changed between approval and commit stops the mail until it is signed anew', async () => {
  await withInvoices(async (bench) => {
    const { item, run } = await openCard(bench);
    const set = { email: 'billing@test.example' };
    const id = bench.log.company;
    bench.afterApproval(() =>
      bench.kernel.change([{ type: 'change', record: 'company', id, set }], { by: 'operator:x' }),
    );
    await decideCard(bench, item);
    const row = await bench.kernel.rest(run);
    expect(messagesIn(bench.home)).toEqual([]);
    expect(row.status).toBe('waiting');
    await finishOpenCards(bench, run);
    await expectSentOnce(bench);
  });
});

test('two cards approved in the other order leave a series without gaps and without doubles', async () => {
  await withInvoices(async (bench) => {
    const first = await openCard(bench);
    const second = await openCard(bench, 'Studio');
    await approve(bench, second.item, second.hashes);
    await bench.kernel.rest(second.run);
    expect(await issuedNumbers(bench)).toEqual(['2026-0002']);
    await approve(bench, first.item, first.hashes);
    await bench.kernel.rest(first.run);
    expect(await issuedNumbers(bench)).toEqual(['2026-0001', '2026-0002']);
    expect(await seriesOf(bench)).toMatchObject({ next: 3, free: [], reserved: [], used: 2 });
  });
});

test('a rejected invoice gives its number to the next one', async () => {
  await withInvoices(async (bench) => {
    const first = await openCard(bench);
    await decideCard(bench, first.item, { decision: 'reject' });
    expect(await seriesOf(bench)).toMatchObject({ next: 2, free: [1], reserved: [] });
    const second = await openCard(bench, 'Studio');
    await approve(bench, second.item, second.hashes);
    await bench.kernel.rest(second.run);
    expect(await issuedNumbers(bench)).toEqual(['2026-0001']);
    expect(await seriesOf(bench)).toMatchObject({ next: 2, free: [], used: 1 });
  });
});

test('a number that lapsed and went to another card makes the first card stale, not the series', async () => {
  await withInvoices(async (bench) => {
    const first = await openCard(bench);
    bench.hand.advance(11 * MINUTE_MS);
    const second = await openCard(bench, 'Studio');
    expect(await settle([approve(bench, first.item, first.hashes)])).toEqual(['stale']);
    await approve(bench, second.item, second.hashes);
    await bench.kernel.rest(second.run);
    await finishOpenCards(bench, first.run);
    expect(await issuedNumbers(bench)).toEqual(['2026-0001', '2026-0002']);
  });
});

test('rejecting a card whose lapsed number another invoice has used frees nothing', async () => {
  await withInvoices(async (bench) => {
    const first = await openCard(bench);
    bench.hand.advance(11 * MINUTE_MS);
    const second = await openCard(bench, 'Studio');
    await approve(bench, second.item, second.hashes);
    await bench.kernel.rest(second.run);
    const signed = await signEffects(bench, bench.operator, first.hashes, { decision: 'reject' });
    await bench.kernel.items.decide(first.item, signed);
    expect((await seriesOf(bench))?.free).toEqual([]);
    const third = await openCard(bench, 'Harbour');
    await approve(bench, third.item, third.hashes);
    await bench.kernel.rest(third.run);
    expect(await issuedNumbers(bench)).toEqual(['2026-0001', '2026-0002']);
  });
});

test('a clock set back a day changes nothing for a card that waits', async () => {
  await withInvoices(async (bench) => {
    const { item, hashes, run } = await openCard(bench);
    bench.hand.advance(-DAY_MS);
    await bench.kernel.recover();
    await approve(bench, item, hashes);
    expect((await bench.kernel.rest(run)).status).toBe('done');
    await expectSentOnce(bench);
  });
});

test('a card that waited two days is prepared anew before it can be signed', async () => {
  await withInvoices(async (bench) => {
    const { item, hashes, run } = await openCard(bench);
    bench.hand.advance(2 * DAY_MS);
    expect(await settle([approve(bench, item, hashes)])).toEqual(['stale']);
    expect(messagesIn(bench.home)).toEqual([]);
    await finishOpenCards(bench, run);
    await expectSentOnce(bench);
  });
});

test('two invoices for the same month bill its time once', async () => {
  await withInvoices(async (bench) => {
    const first = await openCard(bench);
    const second = await openCard(bench, 'Acme', { again: true });
    const codes = await settle([
      approve(bench, first.item, first.hashes),
      approve(bench, second.item, second.hashes),
    ]);
    expect(codes).toContain('done');
    expect(codes.filter((code) => code === 'done')).toHaveLength(1);
    await Promise.all([first, second].map(({ run }) => bench.kernel.rest(run)));
    const entries = await bench.kernel.records.list('time-entry', {
      party: await partyNamed(bench, 'Acme'),
    });
    const bills = new Set(entries.flatMap(({ fields }) => fields.billedBy ?? []));
    expect(bills.size).toBe(1);
    expect(await issuedNumbers(bench)).toHaveLength(1); // whichever came first
    expect(messagesIn(bench.home)).toHaveLength(1);
    // the other one does not hang: it says what happened and can be ended
    const loser = codes[0] === 'done' ? second : first;
    expect((await bench.kernel.rest(loser.run)).status).not.toBe('running');
    await decideCard(bench, loser.item, { decision: 'reject' }).catch(() => undefined);
    await bench.kernel.cancel(loser.run, 'billed already', 'operator:x').catch(() => undefined);
    expect((await bench.log.fold(runsFold).get(loser.run))?.endedAt).not.toBeNull();
    expect(await seriesOf(bench)).toMatchObject({ used: 1, reserved: [] });
  });
});

test('connections switched off between approval and commit: nothing leaves, and it can go on later', async () => {
  await withInvoices(async (bench) => {
    const { item, run } = await openCard(bench);
    bench.afterApproval(() => setMode(bench, 'off'));
    await decideCard(bench, item);
    const row = await bench.kernel.rest(run);
    expect(messagesIn(bench.home)).toEqual([]);
    expect(row.status).toBe('waiting');
    const open = await bench.kernel.items.list();
    expect(open.length).toBe(1);
    await setMode(bench, 'sandbox');
    await finishOpenCards(bench, run);
    await expectSentOnce(bench);
  });
});

test('a sandbox approval never commits live', async () => {
  await withInvoices(async (bench) => {
    const { item, run } = await openCard(bench);
    bench.afterApproval(() => setMode(bench, 'live'));
    await decideCard(bench, item);
    await bench.kernel.rest(run);
    expect(messagesIn(bench.home)).toEqual([]);
    const rows = await bench.log.fold(effectsFold).list();
    expect(rows.filter(({ row }) => row.status === 'committed')).toEqual([]);
  });
});

async function openCard(
  bench: Bench,
  customer = 'Acme',
  more: { readonly again?: boolean } = {},
): Promise<{ readonly item: string; readonly run: string; readonly hashes: readonly string[] }> {
  const row = await askForInvoice(bench, customer, more);
  const items = await bench.kernel.items.list();
  const item = items.find(({ run }) => run === row.id);
  if (!item) throw new Error(`no card for ${customer}: ${row.status} ${row.words}`);
  return { item: item.id, run: row.id, hashes: live(await bench.kernel.items.open(item.id)) };
}

function live(card: Awaited<ReturnType<Composed['kernel']['items']['open']>>): readonly string[] {
  return card.effects.filter(({ status }) => status === 'finalised').map(({ hash }) => hash);
}

async function approve(bench: Bench, item: string, hashes: readonly string[]): Promise<void> {
  await bench.kernel.items.decide(item, await signEffects(bench, bench.operator, hashes));
}

/** rounds of cards and tasks after which something goes in circles */
const ROUNDS = 6;

/** Approves what waits and tries again what failed, as a person would. */
async function finishOpenCards(bench: Bench, run: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const items = (await bench.kernel.items.list()).filter((item) => item.run === run);
    if (items.length === 0) return;
    for (const item of items) {
      if (item.kind === 'approval') await decideCard(bench, item.id);
      else await bench.kernel.items.answer(item.id, { action: 'retry' }, typedBy('operator:x'));
    }
    await bench.kernel.rest(run);
  }
  const left = await bench.kernel.items.list();
  throw new Error(
    `still open after ${ROUNDS} rounds: ${left.map(({ title }) => title).join('; ')}`,
  );
}

async function expectSentOnce(bench: Bench): Promise<void> {
  const runs = await bench.log.fold(runsFold).list();
  const done = await Promise.all(runs.map(({ row }) => bench.kernel.rest(row.id)));
  expect(done.filter(({ status }) => status === 'done')).toHaveLength(1);
  expect(messagesIn(bench.home)).toHaveLength(1);
  expect(await issuedNumbers(bench)).toEqual(['2026-0001']);
  expect(bench.problems).toEqual([]);
}

/** How each of several decisions ended: `done`, or the code of its refusal. */
async function settle(decisions: readonly Promise<unknown>[]): Promise<string[]> {
  const ends = await Promise.allSettled(decisions);
  return ends.map((end) => (end.status === 'fulfilled' ? 'done' : toFailure(end.reason).code));
}

async function moveParty(bench: Bench, street: string): Promise<void> {
  const id = await partyNamed(bench, 'Acme');
  await bench.kernel.change(
    [{ type: 'change', record: 'party', id, set: { 'address.street': street } }],
    {
      by: 'operator:x',
    },
  );
}

async function setMode({ log }: Bench, mode: 'off' | 'live' | 'sandbox'): Promise<void> {
  await log.append([
    { stream: 'control', expectedVersion: 'any', events: [fact('mode.changed', { mode })] },
  ]);
}
