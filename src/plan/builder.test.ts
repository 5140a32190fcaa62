import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  buildPlan,
  expression,
  input,
  literal,
  receipt,
  reference,
  type Value,
} from './builder.ts';
import {
  draftInvoice,
  invoiceInput,
  invoicePlan,
  issueInvoice,
  makePlan,
  readPage,
  registry,
  sendMail,
  summarise,
  unbilled,
} from './test-kit.ts';
import { validatePlan } from './validate.ts';

test('the plan of the design, built, is the data of the design', () => {
  const plan = buildPlan((p) => {
    const hours = p.call('hours', unbilled, { party: '=input.party', month: '=input.month' });
    const draft = p.call('draft', draftInvoice, { party: '=input.party', lines: hours.lines });
    const issue = p.call(
      'issue',
      issueInvoice,
      { draft: draft.id },
      { lock: "='series/' + draft.series" },
    );
    p.call(
      'mail',
      sendMail,
      { to: reference('party', '=input.party', 'email'), template: 'invoice', attach: [issue.pdf] },
      { when: 'draft.total.minor > 0', onFail: 'ask' },
    );
    const paid = p.wait('paid', {
      event: 'payment.matched',
      where: 'event.invoice == issue.invoice',
      for: 'P14D',
    });
    p.play('chase', 'invoice-reminder@2', { invoice: issue.invoice }, { when: paid.timedOut });
  });
  expect(plan).toEqual(invoicePlan);
  expect(validatePlan(plan, registry, { input: invoiceInput })).toEqual([]);
});

test('loops, questions, expansions and holes become data too', () => {
  const plan = buildPlan((p) => {
    const who = input<{ party: string; month: string }>();
    const hours = p.call('hours', unbilled, { party: who.party, month: who.month });
    const texts = p.each(
      'texts',
      { over: hours.lines, as: 'line', limit: 50 },
      (inner, line, index) => {
        const made = inner.call('made', summarise, { text: line.text }, { when: '=index > 0' });
        inner.call('other', summarise, { text: expression('string(index)') }, { after: [made] });
        expectTypeOf(index).toEqualTypeOf<Value<number>>();
        return made.text;
      },
    );
    p.call('first', summarise, { text: texts[0] ?? 'none' });
    p.repeat('poll', { until: 'look.status == 200', max: 3 }, (inner) =>
      inner.call('look', readPage, { url: 'https://example.org' }),
    );
    const go = p.ask<{ yes: boolean }>('go', {
      title: 'Go on?',
      form: { fields: [{ name: 'yes', kind: 'boolean', required: true }] },
    });
    const sent = p.call(
      'sent',
      sendMail,
      { to: 'a@example.org', template: 'note' },
      { when: go.yes },
    );
    p.call('again', sendMail, {
      to: 'a@example.org',
      template: 'note',
      text: receipt({ step: sent, path: 'id', type: 'text', max: 99 }),
    });
    const made = p.call('make', makePlan, { goal: literal('=not an expression') });
    p.expand('run', made.plan, { allow: [summarise], limit: 5 });
  });
  expect(plan.steps.map((step) => step.id)).toEqual([
    'hours',
    'texts',
    'first',
    'poll',
    'go',
    'sent',
    'again',
    'make',
    'run',
  ]);
  expect(plan.steps[1]).toEqual({
    id: 'texts',
    each: {
      over: { $expr: 'hours.lines' },
      as: 'line',
      limit: 50,
      do: [
        {
          id: 'made',
          call: 'text.summarise@1',
          with: { text: { $expr: 'line.text' } },
          when: 'index > 0',
        },
        {
          id: 'other',
          call: 'text.summarise@1',
          with: { text: { $expr: 'string(index)' } },
          after: ['made'],
        },
      ],
      output: { $expr: 'made.text' },
    },
  });
  expect(plan.steps[7]).toMatchObject({ with: { goal: '=not an expression' } });
  expect(plan.steps[8]).toMatchObject({
    expand: { plan: { $expr: 'make.plan' }, allow: ['text.summarise@1'], limit: 5 },
  });
  expect(validatePlan(plan, registry, { input: invoiceInput })).toEqual([]);
});

describe('what a contract does not have does not compile', () => {
  test('wrong names and wrong types are found by the compiler', () => {
    const never = (): void => {
      buildPlan((p) => {
        const hours = p.call('hours', unbilled, { party: 'p', month: '2026-10' });
        // @ts-expect-error the output has no such field
        hours.lnies;
        // @ts-expect-error a member of the output's list has no such field
        hours.lines[0]?.amuont;
        // @ts-expect-error the input has no such field
        p.call('a', summarise, { txet: 'x' });
        // @ts-expect-error an argument is missing
        p.call('b', unbilled, { party: 'p' });
        // @ts-expect-error a number where a text belongs
        p.call('c', summarise, { text: hours.count });
        // @ts-expect-error a literal that is not a choice
        p.call('d', sendMail, { to: 'a@example.org', template: 'notice' });
        // @ts-expect-error a text is no condition unless it is an expression's text
        p.call('e', summarise, { text: 'x' }, { when: hours.lines });
      });
    };
    expect(never).toBeTypeOf('function');
  });

  test('values carry the types of the contract', () => {
    buildPlan((p) => {
      const hours = p.call('hours', unbilled, { party: 'p', month: '2026-10' });
      expectTypeOf(hours.count).toEqualTypeOf<Value<number>>();
    });
  });
});

test('a plan that breaks the schema is refused when it is built', () => {
  expect(() => buildPlan((p) => p.call('not an id', summarise, { text: 'x' }))).toThrow(
    'steps[0].id',
  );
});
