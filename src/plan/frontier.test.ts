import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import type { Json } from '../base/index.ts';
import { OWN } from '../contract/index.ts';
import { type CompiledPlan, compilePlan } from './compile.ts';
import { expandEach, expandRepeat } from './expand.ts';
import { createFrontier, type Frontier, type StepInstance, type StepOutcome } from './frontier.ts';
import { parsePlan } from './parse.ts';
import { invoicePlan, labelled, registry } from './test-kit.ts';

const plan = (steps: readonly object[]): CompiledPlan =>
  compilePlan(parsePlan({ steps }), registry);
const call = (id: string, ...refers: string[]) => ({
  id,
  call: 'text.summarise@1',
  with: { text: refers.map((name) => ({ $expr: `${name}.text` })) as Json },
});

function find(frontier: Frontier, id: string): StepInstance {
  const found = frontier.find(id);
  if (!found) throw new Error(`no step ${id}`);
  return found;
}

describe('the invoice of the design', () => {
  const design = compilePlan(parsePlan(invoicePlan), registry);

  test('runs in its order', () => {
    const frontier = createFrontier(design);
    const trail = [...frontier.ready()];
    for (let at = 0; at < trail.length; at++)
      trail.push(...frontier.settle(trail[at] ?? '', 'done').ready);
    expect(trail).toEqual(['hours', 'draft', 'issue', 'mail', 'paid', 'chase']);
    expect(frontier.isFinished()).toBe(true);
  });

  test.each<StepOutcome>(['skipped', 'failed', 'denied', 'cancelled'])(
    'nobody is reminded when the mail was %s',
    (outcome) => {
      const frontier = createFrontier(design);
      for (const id of ['hours', 'draft', 'issue']) frontier.settle(id, 'done');
      expect(frontier.settle('mail', outcome)).toEqual({
        ready: [],
        skipped: [
          { step: 'paid', because: 'mail' },
          { step: 'chase', because: 'paid' },
        ],
        complete: [],
      });
      expect(frontier.isFinished()).toBe(true);
      expect(frontier.reasonOf('chase')).toBe('paid');
    },
  );

  test('the mail can be finalised while nothing before it is committed', () => {
    const two = plan([
      { id: 'a', call: 'mail.send@1', with: {} },
      {
        id: 'b',
        call: 'mail.send@1',
        with: { text: { $receipt: { step: 'a', path: 'id', type: 'text', max: 9 } } },
      },
      { id: 'c', call: 'mail.send@1', with: { text: { $expr: 'a.messageId' } } },
      { id: 'd', call: 'mail.send@1' },
    ]);
    const frontier = createFrontier(two);
    expect([frontier.ready(), frontier.ahead()]).toEqual([['a'], ['b']]);
    frontier.start('a');
    expect([frontier.ready(), frontier.ahead()]).toEqual([[], ['b']]);
    frontier.settle('a', 'done');
    expect([frontier.ready(), frontier.ahead()]).toEqual([['b'], ['c', 'd']]);
  });
});

describe('what did not happen', () => {
  test('an effect that only follows a rejected one still runs', () => {
    const frontier = createFrontier(
      plan([
        { id: 'a', call: 'mail.send@1' },
        { id: 'b', call: 'mail.send@1' },
      ]),
    );
    expect(frontier.settle('a', 'denied').ready).toEqual(['b']);
  });

  test('onSkipped run lets a step run in spite of it', () => {
    const frontier = createFrontier(
      plan([call('a'), { ...call('b', 'a'), onSkipped: 'run' }, call('c', 'b')]),
    );
    expect(frontier.settle('a', 'failed')).toEqual({ ready: ['b'], skipped: [], complete: [] });
    expect(frontier.settle('b', 'done').ready).toEqual(['c']);
  });

  test('the same end twice changes nothing, another end is refused', () => {
    const frontier = createFrontier(plan([call('a'), call('b', 'a')]));
    frontier.settle('a', 'done');
    expect(frontier.settle('a', 'done')).toEqual({ ready: [], skipped: [], complete: [] });
    expect(() => frontier.settle('a', 'failed')).toThrow('cannot become failed');
    expect(() => frontier.settle('zzz', 'done')).toThrow('no step zzz');
  });
});

describe('branches', () => {
  const mails = plan([
    call('before'),
    {
      id: 'mails',
      each: {
        over: { $expr: 'before.text' },
        as: 'item',
        parallel: 2,
        do: [call('text', 'before'), { ...call('send', 'text'), when: 'item > 0' }],
      },
    },
    call('last', 'mails'),
  ]);

  function started(items: Json): Frontier {
    const frontier = createFrontier(mails);
    frontier.settle('before', 'done');
    const { branches, parallel } = expandEach(find(frontier, 'mails'), labelled(items));
    frontier.expand('mails', branches, parallel);
    return frontier;
  }

  test('items run side by side up to the limit, each sees its item', () => {
    const frontier = createFrontier(mails);
    frontier.settle('before', 'done');
    const { branches, parallel } = expandEach(find(frontier, 'mails'), labelled([5, 6, 7]));
    expect(frontier.expand('mails', branches, parallel).ready).toEqual([
      'mails/0/text',
      'mails/1/text',
    ]);
    expect(find(frontier, 'mails/1/text').variables).toMatchObject({
      item: { value: 6 },
      index: { value: 1 },
    });
    expect(frontier.settle('mails/1/text', 'done').ready).toEqual(['mails/1/send']);
    expect(frontier.settle('mails/1/send', 'done').ready).toEqual(['mails/2/text']);
    expect(frontier.resolve('mails/1/send', 'text')).toBe('mails/1/text');
    expect(frontier.resolve('mails/1/send', 'before')).toBe('before');
    expect(frontier.resolve('mails/1/send', 'nothing')).toBeUndefined();
  });

  test('when all are over the step is complete, with those that came to a bad end', () => {
    const frontier = started([1, 2]);
    frontier.settle('mails/0/text', 'done');
    frontier.settle('mails/0/send', 'failed');
    expect(frontier.settle('mails/1/text', 'denied')).toEqual({
      ready: [],
      skipped: [{ step: 'mails/1/send', because: 'mails/1/text' }],
      complete: [{ step: 'mails', troubled: ['mails/0/send', 'mails/1/text'] }],
    });
    expect(frontier.isFinished()).toBe(false);
    expect(frontier.settle('mails', 'done').ready).toEqual(['last']);
  });

  test('an empty list is complete at once', () => {
    const frontier = createFrontier(mails);
    frontier.settle('before', 'done');
    const { branches, parallel } = expandEach(find(frontier, 'mails'), labelled([]));
    expect(frontier.expand('mails', branches, parallel).complete).toEqual([
      { step: 'mails', troubled: [] },
    ]);
  });

  test('a step that is cancelled takes its children along', () => {
    const frontier = started([1, 2, 3]);
    expect(frontier.settle('mails', 'cancelled').skipped).toEqual([
      { step: 'last', because: 'mails' },
    ]);
    expect(frontier.stateOf('mails/0/text')).toBe('cancelled');
    expect([frontier.ready(), frontier.isFinished()]).toEqual([[], true]);
  });

  test('rounds follow one another under the same step', () => {
    const frontier = createFrontier(
      plan([{ id: 'poll', repeat: { do: [call('look')], until: 'round > 1', max: 3 } }]),
    );
    const first = frontier.expand('poll', [expandRepeat(find(frontier, 'poll'), 1, OWN)]);
    expect(first.ready).toEqual(['poll/1/look']);
    expect(frontier.settle('poll/1/look', 'done').complete).toEqual([
      { step: 'poll', troubled: [] },
    ]);
    expect(frontier.expand('poll', [expandRepeat(find(frontier, 'poll'), 2, OWN)]).ready).toEqual([
      'poll/2/look',
    ]);
  });
});

/** Any plan without circles: a step refers to and follows earlier ones. */
const anyPlan = fc.array(
  fc.record({
    refers: fc.array(fc.nat(30), { maxLength: 3 }),
    after: fc.option(fc.array(fc.nat(30), { maxLength: 3 }), { nil: undefined }),
    kind: fc.constantFrom('pure', 'effect', 'wait'),
    runs: fc.boolean(),
  }),
  { minLength: 1, maxLength: 14 },
);

describe('laws', () => {
  test('the frontier agrees with a naive recomputation after every step, in any order', () => {
    fc.assert(
      fc.property(
        anyPlan,
        fc.array(
          fc.tuple(
            fc.nat(),
            fc.constantFrom<StepOutcome>('done', 'done', 'skipped', 'failed', 'denied'),
          ),
          { maxLength: 30 },
        ),
        (drafts, moves) => {
          const compiled = plan(drafts.map((draft, index) => stepOf(draft, index)));
          const frontier = createFrontier(compiled);
          const ends = new Map<string, StepOutcome>();
          for (const [pick, outcome] of moves) {
            expect(new Set(frontier.ready())).toEqual(naive(compiled, ends).ready);
            const ready = frontier.ready();
            const id = ready[pick % Math.max(1, ready.length)];
            if (id === undefined) break;
            const before = new Set(ready);
            const { ready: fresh, skipped } = frontier.settle(id, outcome);
            ends.set(id, outcome);
            const oracle = naive(compiled, ends);
            expect(new Set(skipped.map(({ step }) => step))).toEqual(oracle.skipped);
            for (const step of oracle.skipped) ends.set(step, 'skipped');
            expect(new Set(fresh)).toEqual(oracle.ready.difference(before));
          }
          expect(frontier.isFinished()).toBe(ends.size === compiled.steps.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a frontier rebuilt from the same ends is in the same state', () => {
    fc.assert(
      fc.property(
        anyPlan,
        fc.array(fc.constantFrom<StepOutcome>('done', 'skipped', 'failed'), {
          minLength: 14,
          maxLength: 14,
        }),
        (drafts, outcomes) => {
          const compiled = plan(drafts.map((draft, index) => stepOf(draft, index)));
          const live = createFrontier(compiled);
          const ends: [string, StepOutcome][] = [];
          for (const outcome of outcomes) {
            const [id] = live.ready();
            if (id === undefined) break;
            live.settle(id, outcome);
            ends.push([id, outcome]);
          }
          const rebuilt = createFrontier(compiled);
          for (const [id, outcome] of ends) rebuilt.settle(id, outcome);
          expect(compiled.steps.map(({ id }) => rebuilt.stateOf(id))).toEqual(
            compiled.steps.map(({ id }) => live.stateOf(id)),
          );
        },
      ),
    );
  });
});

describe('size', () => {
  const chain = (length: number) =>
    plan(
      Array.from({ length }, (_, index) =>
        index === 0 ? call('s0') : call(`s${index}`, `s${index - 1}`),
      ),
    );

  test('a chain of 10,000 steps settles step by step, and skips at once, without overflowing', () => {
    const compiled = chain(10_000);
    const frontier = createFrontier(compiled);
    for (const step of compiled.steps) frontier.settle(step.id, 'done');
    expect(frontier.isFinished()).toBe(true);
    expect(createFrontier(compiled).settle('s0', 'failed').skipped).toHaveLength(9_999);
  });

  test('twice the chain takes about twice the time, not four times', () => {
    const timeOf = (compiled: CompiledPlan): number => {
      const best = Array.from({ length: 5 }, () =>
        cpuMs(() => {
          const frontier = createFrontier(compiled);
          for (const step of compiled.steps) frontier.settle(step.id, 'done');
        }),
      );
      return Math.min(...best);
    };
    const short = chain(2_500);
    const long = chain(10_000);
    timeOf(short);
    expect(timeOf(long)).toBeLessThan(Math.max(40, timeOf(short) * 10));
  });

  test('one step that waits for 9,999 others is ready when the last of them is over', () => {
    const names = Array.from({ length: 9_999 }, (_, index) => `s${index}`);
    const frontier = createFrontier(
      plan([...names.map((name) => call(name)), { ...call('all'), after: names }]),
    );
    const ready = names.flatMap((name) => frontier.settle(name, 'done').ready);
    expect(ready).toEqual(['all']);
  });
});

type StepDraft = { refers: number[]; after: number[] | undefined; kind: string; runs: boolean };

function stepOf(draft: StepDraft, index: number): object {
  const earlier = (numbers: readonly number[]) =>
    index === 0 ? [] : numbers.map((number) => `s${number % index}`);
  const common = {
    id: `s${index}`,
    ...(draft.after && { after: earlier(draft.after) }),
    ...(draft.runs && { onSkipped: 'run' }),
    lock: earlier(draft.refers).map((name) => ({ $expr: `${name}.text` })),
  };
  if (draft.kind === 'wait') return { ...common, wait: { for: 'P1D' } };
  return { ...common, call: draft.kind === 'pure' ? 'text.summarise@1' : 'mail.send@1' };
}

/** What is ready and what is skipped, worked out from the rules alone, over and over. */
function naive(
  compiled: CompiledPlan,
  given: ReadonlyMap<string, StepOutcome>,
): { ready: Set<string>; skipped: Set<string> } {
  const ends = new Map(given);
  const skipped = new Set<string>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const step of compiled.steps) {
      if (ends.has(step.id) || step.step.onSkipped === 'run') continue;
      const needed = step.kind === 'wait' ? step.dependsOn : step.refersTo;
      if (!needed.some((id) => ends.has(id) && ends.get(id) !== 'done')) continue;
      ends.set(step.id, 'skipped');
      skipped.add(step.id);
      changed = true;
    }
  }
  const ready = compiled.steps.filter(
    (step) => !ends.has(step.id) && step.dependsOn.every((id) => ends.has(id)),
  );
  return { ready: new Set(ready.map(({ id }) => id)), skipped };
}
