import { describe, expect, test } from 'vitest';
import { COUNTERPARTY, type Label, OPERATOR, OWN, PUBLIC } from '../contract/index.ts';
import { compilePlan } from './compile.ts';
import { parsePlan } from './parse.ts';
import { explainTaint, propagateLabels, type StepLabels } from './propagate.ts';
import { invoicePlan, registry } from './test-kit.ts';

const page = { id: 'page', call: 'web.read@1', with: { url: 'https://example.org' } };
const mail = { id: 'mail', call: 'mail.send@1' };

function labelsOf(
  steps: readonly object[],
  own: Label = OWN,
  more: object = {},
): (path: string) => StepLabels {
  const plan = compilePlan(parsePlan({ steps }), registry);
  const found = propagateLabels(plan, { ...registry, ...more }, { input: { base: OPERATOR }, own });
  return (path) => {
    const step = found.get(path);
    if (!step) throw new Error(`no labels at ${path}`);
    return step;
  };
}

/** The label of one argument in short: `public`, or `own!` when the record was picked by others. */
function argument(step: StepLabels, path: string): string {
  const found = step.arguments.find((candidate) => candidate.path === path);
  return found ? found.label.integrity + (found.label.selected ? '!' : '') : 'nothing';
}

test('what the steps of a catch leave may stand in the output', () => {
  const caught = { ...mail, with: { to: 'a@example.org', template: 'x' }, catch: { do: [page] } };
  const after = { id: 'after', call: 'mail.send@1', with: { text: { $expr: 'mail.id' } } };
  const text = (steps: readonly object[]) => argument(labelsOf(steps)('steps[1]'), 'text');
  expect(text([caught, after])).toBe('public');
  expect(text([{ ...caught, catch: { ...caught.catch, value: { id: 'none' } } }, after])).toBe(
    'own',
  );
});

describe('where labels flow', () => {
  const at = (text: object | string) => [
    page,
    { ...mail, with: { to: 'a@example.org', template: 'note', text } },
  ];
  test.each<[string, object[], string, string]>([
    ['a literal is worth what the plan is', at('page.text'), 'text', 'own'],
    [
      'what the operator typed stays so on its way',
      at({ $expr: 'input.note' }),
      'text',
      'operator',
    ],
    ["mixed with a literal it is the plan's", at({ $expr: '"Dear " + input.note' }), 'text', 'own'],
    ['what is fetched is public', at({ $expr: 'page.text' }), 'text', 'public'],
    [
      'one public part makes all of it public',
      at({ $expr: 'input.note + page.text' }),
      'text',
      'public',
    ],
    [
      'only what is read counts',
      at({ $expr: 'has(input.note) ? input.note : "none"' }),
      'text',
      'own',
    ],
    [
      'a field of our record is ours',
      at({ $ref: ['party', { $expr: 'input.party' }, 'email'] }),
      'text',
      'own',
    ],
    [
      'our record picked by public text is selected',
      at({ $ref: ['party', { $expr: 'page.text' }, 'email'] }),
      'text',
      'public!',
    ],
    ['a neighbour does not count', at({ $expr: 'page.text' }), 'to', 'own'],
  ])('%s', (_fact, steps, path, expected) => {
    expect(argument(labelsOf(steps)('steps[1]'), path)).toBe(expected);
  });

  test('a summary of public text is public, and so is the mail that quotes it', () => {
    const labels = labelsOf([
      page,
      { id: 'sum', call: 'text.summarise@1', with: { text: { $expr: 'page.text' } } },
      {
        ...mail,
        with: { to: { $expr: 'input.to' }, template: 'note', text: { $expr: 'sum.text' } },
      },
    ]);
    expect(argument(labels('steps[2]'), 'text')).toBe('public');
    expect(argument(labels('steps[2]'), 'to')).toBe('operator');
  });

  test('a plan that a model wrote makes everything it reads its own worth', () => {
    const labels = labelsOf(
      [{ ...mail, with: { to: { $expr: 'input.to' }, template: 'note' } }],
      PUBLIC,
    );
    expect([argument(labels('steps[0]'), 'to'), argument(labels('steps[0]'), 'template')]).toEqual([
      'public',
      'public',
    ]);
    expect(labels('steps[0]').decision).toEqual(PUBLIC);
  });

  test("an answer of the operator is the operator's, an event is the other side's", () => {
    const form = { fields: [{ name: 'to', kind: 'email', required: true }] };
    const labels = labelsOf([
      { id: 'who', ask: { title: 'Who?', form } },
      { id: 'came', wait: { event: 'message.received', for: 'P1D' } },
      {
        ...mail,
        when: '!came.timedOut',
        with: {
          to: { $expr: 'who.to' },
          template: 'note',
          text: { $expr: 'string(came.event.text)' },
        },
      },
    ]);
    expect([argument(labels('steps[2]'), 'to'), argument(labels('steps[2]'), 'text')]).toEqual([
      'operator',
      'counterparty',
    ]);
    expect(labels('steps[2]').decision).toEqual(OWN);
  });

  test('an answer to a form that a page wrote may be what the page filled in', () => {
    const labels = labelsOf([
      page,
      {
        ...{ id: 'who', ask: { title: 'Who?', form: { fields: [] } } },
        with: {
          form: { fields: [{ name: 'to', kind: 'email', default: { $expr: 'page.text' } }] },
        },
      },
      { ...mail, with: { to: { $expr: 'who.to' }, template: 'note', text: 'Hello' } },
    ]);
    expect(argument(labels('steps[2]'), 'to')).toBe('public');
  });

  test('the registry can say what outputs and events are worth', () => {
    const labels = labelsOf(
      [
        { id: 'hours', call: 'time.unbilled@1', with: {} },
        { id: 'came', wait: { event: 'payment.matched' } },
        {
          ...mail,
          with: {
            to: { $expr: 'came.event.payer' },
            template: 'note',
            text: { $expr: 'hours.lines[0].text' },
            attach: [{ $expr: 'came.event.note' }],
          },
        },
      ],
      OWN,
      {
        outputLabels: () => ({ base: OWN, at: { 'lines.0.text': COUNTERPARTY } }),
        eventLabels: () => ({ base: OWN, at: { note: COUNTERPARTY } }),
      },
    );
    const step = labels('steps[2]');
    expect(['to', 'text', 'attach'].map((path) => argument(step, path))).toEqual([
      'own',
      'counterparty',
      'counterparty',
    ]);
  });
});

describe('who decides that a step runs', () => {
  test('a condition on public text taints the decision, also of steps that need the step', () => {
    const labels = labelsOf([
      page,
      {
        id: 'sum',
        call: 'text.summarise@1',
        when: 'page.text.contains("yes")',
        with: { text: 'ours' },
      },
      { ...mail, with: { to: 'a@example.org', template: 'note', text: { $expr: 'sum.text' } } },
    ]);
    expect(labels('steps[1]').decision).toEqual(PUBLIC);
    expect(labels('steps[2]').decision).toEqual(PUBLIC);
    expect(argument(labels('steps[2]'), 'text')).toBe('own');
  });

  test('whoever wrote the list decides how often its steps run', () => {
    const labels = labelsOf([
      page,
      {
        id: 'all',
        each: {
          over: { $expr: 'page.text.split(",")' },
          as: 'item',
          do: [{ ...mail, with: { to: { $expr: 'item' }, template: 'note' } }],
        },
      },
      { id: 'end', call: 'text.summarise@1', with: { text: { $expr: 'string(size(all))' } } },
    ]);
    const inner = labels('steps[1].each.do[0]');
    expect([argument(inner, 'to'), inner.decision]).toEqual(['public', PUBLIC]);
    expect(argument(labels('steps[2]'), 'text')).toBe('public');
  });

  test('whoever ends a round decides that there is another one', () => {
    const labels = labelsOf([
      { id: 'poll', repeat: { do: [page, mail], until: 'page.status == 200', max: 3 } },
    ]);
    expect(labels('steps[0].repeat.do[1]').decision).toEqual(PUBLIC);
  });
});

describe('in words', () => {
  test('the invoice of the design has nothing to explain', () => {
    const plan = compilePlan(parsePlan(invoicePlan), registry);
    const found = propagateLabels(plan, registry, { input: { base: OPERATOR }, own: OWN });
    expect([...found.values()].flatMap(explainTaint)).toEqual([]);
  });

  test('a destination from a page is named with its consequence, content only with its source', () => {
    const labels = labelsOf([
      page,
      {
        ...mail,
        when: 'page.status == 200',
        with: { to: { $expr: 'page.text' }, template: 'note', text: { $expr: 'page.text' } },
      },
    ]);
    expect(explainTaint(labels('steps[1]'))).toEqual([
      'to comes from page.text, which anybody can have written: you are asked about this step on its own, and no standing permission covers it.',
      'text comes from page.text, which anybody can have written.',
      'Whether it happens at all depends on something anybody can have written.',
    ]);
  });
});

test('the label of the first of 200 steps reaches the last', () => {
  const steps = Array.from({ length: 200 }, (_, index) =>
    index === 0
      ? page
      : {
          id: `s${index}`,
          call: index % 3 === 0 ? 'mail.send@1' : 'text.summarise@1',
          when: index % 5 === 0 ? `${index === 1 ? 'page' : `s${index - 1}`}.text != ""` : 'true',
          with: {
            text: { $expr: `${index === 1 ? 'page' : `s${index - 1}`}.text + input.note` },
            to: { $expr: 'input.to' },
          },
        },
  );
  const plan = compilePlan(parsePlan({ steps }), registry);
  const found = propagateLabels(plan, registry, { input: { base: OPERATOR }, own: OWN });
  expect(found.get('steps[199]')?.arguments[0]?.label).toEqual(PUBLIC);
});
