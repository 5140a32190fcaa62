import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agent/index.ts';
import type { Json, JsonObject } from '../../src/base/index.ts';
import type { Connector } from '../../src/connect/index.ts';
import { type CapabilityContract, failure } from '../../src/contract/index.ts';
import type { CardEffect } from '../../src/kernel/index.ts';
import { cardLines, itemLines } from '../../src/surface/cli/item-lines.ts';
import type { Screen } from '../../src/surface/cli/screen.ts';
import { cardView, inboxRow } from '../../src/surface/views/item-view.ts';
import { runView } from '../../src/surface/views/run-view.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { decideCard, signEffects, typedBy } from '../support/operator.ts';
import { type ServedWorld, serveComposed } from '../support/serve-composed.ts';

const plain = {
  ...{ version: 1, failures: {}, reads: {}, timeoutMs: 120_000 },
  ...({ placement: 'anywhere' } as const),
  ...{ cost: { microUsd: 0, latencyMs: 1 } },
} as const satisfies Partial<CapabilityContract>;

const contract: CapabilityContract = {
  ...{ ...plain, name: 'post.send', title: 'Send a letter', effect: 'final' },
  ...{ connector: 'post', idempotency: 'keyed' },
  input: z.strictObject({ to: z.string(), text: z.string() }),
  output: z.looseObject({ letter: z.string() }),
  roles: { to: 'destination', text: 'content' },
};

/** While it is `broken`, nobody lives at one address, and what was sent cannot be looked up. */
function world() {
  const state = { broken: true, sent: [] as string[] };
  const post: Connector = {
    ...{ name: 'post', version: 1, contracts: [contract] },
    finalise: async ({ input, key }) => {
      const { to, text } = input.value as { to: string; text: string };
      return {
        ...{ account: 'main', summary: `Send "${text}" to ${to}`, to: [to], amount: null },
        ...{ parts: [], carries: [], undo: { possible: false, how: 'It cannot be called back.' } },
        ...{ preview: { text: to, blobs: [] }, output: { letter: key.slice(0, 8) } },
      };
    },
    commit: async ({ to: [to = ''] }) => {
      if (state.broken && to === 'nobody@example.org')
        return { status: 'refused', code: 'remote_refused', message: 'Nobody lives there.' };
      state.sent.push(to);
      return { status: 'committed', receipt: { said: 'sent', provider: {} } };
    },
    probe: async () => ({ status: 'not-committed' }),
  };
  const look = defineAgent(
    {
      ...{ ...plain, name: 'look.up', title: 'Look it up', effect: 'read', roles: {} },
      ...{ idempotency: 'idempotent' },
      input: z.strictObject({ of: z.string() }),
      output: z.strictObject({ text: z.string() }),
    },
    async ({ of }) => {
      if (state.broken && state.sent.length > 0) throw failure('remote_refused', 'Not there.');
      return { output: { text: `on ${of}` } };
    },
  );
  return { state, post, look };
}

const mail = (id: string, to: string, text: Json = 'Hello', more: JsonObject = {}): JsonObject => ({
  ...{ id, call: 'post.send@1', with: { to, text } },
  ...more,
});
const plan = (name: string, ...steps: readonly JsonObject[]): JsonObject => ({
  ...{ name, version: 1, title: name, autonomy: 'suggest', input: { fields: [] } },
  plan: { steps },
});
const nobody = mail('first', 'nobody@example.org');
const playbooks: readonly JsonObject[] = [
  plan('follows', nobody, mail('second', 'ann@example.org')),
  plan('refers', nobody, mail('second', 'ann@example.org', { $expr: 'first.letter' })),
  plan(
    'looks',
    mail('first', 'bob@example.org'),
    { id: 'look', call: 'look.up@1', with: { of: { $expr: 'first.letter' } } },
    mail('second', 'ann@example.org', { $expr: 'look.text' }),
  ),
  plan(
    'chain',
    nobody,
    mail('between', 'bob@example.org'),
    mail('second', 'ann@example.org', { $expr: 'between.letter' }, { after: ['between'] }),
  ),
  plan('apart', nobody, mail('second', 'ann@example.org', 'Hello', { after: [] })),
];

interface Held extends Pick<ServedWorld<Composed>, 'services'> {
  readonly parts: Composed;
  readonly state: ReturnType<typeof world>['state'];
  readonly run: string;
  readonly card: string;
  readonly task: string;
  /** what of the second letter is to be seen */
  readonly second: () => Promise<CardEffect | undefined>;
  readonly answer: (values: JsonObject) => Promise<string | null>;
}

/** Both letters are on one card, the first is signed alone, and its step or the one behind it fails for good. */
async function held(name: string, work: (world: Held) => Promise<void>): Promise<void> {
  await withHome(async (home) => {
    const { state, post, look } = world();
    const options = { home, connectors: [post], agents: [look], playbooks };
    const served = await serveComposed((verify) => composeKernel({ ...options, verify }));
    const { world: parts, services } = served;
    const { kernel } = parts;
    const goal = { words: name, playbook: name, input: {}, by: 'operator:test' };
    const { run } = await kernel.submit(goal);
    await kernel.rest(run);
    const card = (await kernel.items.list())[0]?.id ?? '';
    const shown = (await kernel.items.open(card)).effects;
    expect(shown.filter(({ waitsFor }) => waitsFor !== null)).toEqual([]);
    const first = shown.find(({ effect }) => effect.step === 'first')?.hash ?? '';
    await kernel.items.decide(card, await signEffects(parts, parts.operator, [first]), '');
    await kernel.rest(run);
    const task = (await kernel.items.list()).find(({ kind }) => kind === 'task')?.id ?? '';
    expect(task).not.toBe('');
    await work({
      ...{ parts, services, state, run, card, task },
      second: async () =>
        (await kernel.items.open(card)).effects.find(({ effect }) => effect.step === 'second'),
      answer: async (values) => {
        state.broken = false;
        await kernel.items.answer(task, values, typedBy('operator:test'));
        return (await kernel.rest(run)).waitingFor;
      },
    });
    await served.close();
  });
}

describe('a card behind a step that became a task', () => {
  test.each(['follows', 'refers', 'looks', 'chain'])(
    'stays and says what it waits for (%s)',
    (name) =>
      held(name, async ({ card, task, services, run, second, answer }) => {
        const said = (await second())?.waitsFor;
        expect(said).toMatchObject({ item: task });
        const says = name === 'looks' ? 'Not there.' : 'Nobody lives there.';
        expect(said?.words).toContain(`${says} If your answer changes it, you are asked anew.`);
        const [row] = (await services.kernel.items.list()).filter(({ id }) => id === card);
        const line = row && (await inboxRow(services, row));
        expect(new Set(line?.effects.map(({ waitsFor }) => waitsFor))).toEqual(new Set([task]));
        const paint = { bold: String, stop: String, ok: String, warn: String };
        const screen: Screen = { width: 80, zone: 'Europe/Berlin', ...paint };
        const flat = (lines: readonly string[]) => lines.join(' ').replace(/\s+/g, ' ');
        expect(flat(line ? itemLines([line], screen) : [])).toContain(`Answer this first: ${task}`);
        const drawn = flat(cardLines(await cardView(services, card), screen));
        expect(drawn).toContain('It cannot go out before you have said');
        expect(drawn).toContain(`steward show ${task}`);
        expect((await runView(services, run)).why?.item).toBe(task);
        expect(await answer({ action: 'retry' })).toBe('approval');
        expect((await second())?.waitsFor).toBeNull();
      }),
  );

  test('signed meanwhile, it goes out once the step has come to the same', () =>
    held('refers', async ({ parts, state, card, answer }) => {
      await decideCard(parts, card);
      expect(state.sent).toEqual([]);
      expect(await answer({ action: 'retry' })).toBeNull();
      expect(state.sent).toEqual(['nobody@example.org', 'ann@example.org']);
    }));

  test('signed meanwhile, it is asked anew when your answer made it another one', () =>
    held('looks', async ({ parts, state, card, answer }) => {
      await decideCard(parts, card);
      const value = JSON.stringify({ text: 'by hand' });
      expect(await answer({ action: 'done', value })).toBe('approval');
      expect(state.sent).toEqual(['bob@example.org']);
    }));

  test('is gone with the step that you skip', () =>
    held('refers', async ({ parts, answer }) => {
      expect(await answer({ action: 'skip' })).toBeNull();
      expect(await parts.kernel.items.list()).toEqual([]);
    }));

  test('does not wait when it comes after nothing', () =>
    held('apart', async ({ state, parts, card, second }) => {
      expect(await second()).toMatchObject({ status: 'finalised', waitsFor: null });
      await decideCard(parts, card);
      await expect.poll(() => state.sent).toEqual(['ann@example.org']);
    }));
});
