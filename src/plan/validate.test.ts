import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cpuMs } from '../../test/support/cpu-time.ts';
import type { Json, JsonObject } from '../base/index.ts';
import { LANGUAGE_NAMES } from './cel.ts';
import type { Registry } from './compile.ts';
import { compileExpression, evaluateExpression } from './expression.ts';
import type { Fault } from './fault.ts';
import { parsePlan, readPlaybook } from './parse.ts';
import type { Playbook } from './plan.ts';
import { capability, invoiceInput, invoicePlan, labelled, registry, reminder } from './test-kit.ts';
import { checkPlaybook, validatePlan, validatePlaybook } from './validate.ts';

const text = { id: 'text', call: 'text.summarise@1', with: { text: 'x' } };
const hours = { id: 'hours', call: 'time.unbilled@1', with: { party: 'p', month: '2026-10' } };
const mail = { id: 'mail', call: 'mail.send@1', with: { to: 'a@example.org', template: 'note' } };
const form = (...fields: object[]) => ({ form: { fields } });

function faultsOf(
  steps: readonly object[],
  input: JsonObject = invoiceInput,
  more: Partial<Registry> = {},
) {
  return validatePlan(parsePlan({ steps }), { ...registry, ...more }, { input });
}

test('the plan of the design has no fault', () => {
  expect(validatePlan(parsePlan(invoicePlan), registry, { input: invoiceInput })).toEqual([]);
});

describe('what is right is accepted', () => {
  test.each<[string, object[]]>([
    [
      'a field that may be absent, asked for first',
      [{ ...text, with: { text: { $expr: 'has(input.note) ? input.note : "none"' } } }],
    ],
    ['a whole number where a number belongs', [hours, { ...text, when: 'hours.count * 1.5 > 1' }]],
    [
      'a value of which nothing is known',
      [
        { id: 'p', play: 'invoice-reminder@2', with: { invoice: 'x' } },
        { ...text, with: { text: { $expr: 'p.anything.at[0].all' } } },
      ],
    ],
    [
      'a field of an event',
      [
        { id: 'w', wait: { event: 'message.received' } },
        { ...text, with: { text: { $expr: 'string(w.event.subject)' } } },
      ],
    ],
    [
      'an answer of a form',
      [
        { id: 'q', ask: { title: 'To?', ...form({ name: 'to', kind: 'email', required: true }) } },
        { ...mail, with: { to: { $expr: 'q.to' }, template: 'note' } },
      ],
    ],
    [
      'items and their fields',
      [
        hours,
        {
          id: 'all',
          each: {
            over: { $expr: 'hours.lines' },
            as: 'line',
            do: [{ ...text, with: { text: { $expr: 'line.text + string(index)' } } }],
          },
        },
        { ...text, id: 'last', with: { text: { $expr: 'all[0].text' } } },
      ],
    ],
    [
      'steps and the number of a round',
      [
        { id: 'r', repeat: { do: [text], until: 'text.text != "" || round == 2', max: 3 } },
        { ...text, id: 'b', with: { text: { $expr: 'r.text' } } },
      ],
    ],
    [
      'an error and what was done about it',
      [
        {
          ...text,
          catch: {
            do: [{ ...text, id: 'inner', with: { text: { $expr: 'error.message' } } }],
            value: { text: { $expr: 'inner.text + error.code' } },
          },
        },
      ],
    ],
    [
      'a filtered list',
      [
        hours,
        {
          id: 'd',
          call: 'invoice.draft@1',
          with: { party: 'p', lines: { $expr: 'hours.lines.filter(l, l.hours > 0.5)' } },
        },
      ],
    ],
    [
      'an answer to a field that an earlier step makes',
      [
        { id: 'm', play: 'invoice-reminder@2', with: { invoice: 'x' } },
        { id: 'q', ask: { title: 'To?', ...form() }, with: { form: { $expr: 'm.form' } } },
        { ...text, when: 'q.more > 3', with: { text: { $expr: 'q.to' } } },
      ],
    ],
    [
      'an item of a written list, whichever it is',
      [
        {
          id: 'all',
          each: {
            over: ['x', 'note', 3],
            as: 'one',
            do: [
              { ...mail, with: { ...mail.with, template: { $expr: 'one' } } },
              { ...text, when: 'one == 3', with: { text: 'x' } },
            ],
          },
        },
      ],
    ],
    [
      "an earlier step's output where the last one of a body may not happen",
      [
        {
          id: 'all',
          each: { over: [1], as: 'n', do: [hours, { ...text, when: 'hours.count > n' }] },
        },
        { ...text, id: 'last', when: 'all[0].count > 3' },
      ],
    ],
    [
      'a list made from a list',
      [
        hours,
        {
          ...mail,
          with: {
            to: 'a@example.org',
            template: 'note',
            attach: { $expr: 'hours.lines.map(l, l.text)' },
          },
        },
      ],
    ],
    [
      'what a step says of one that did not happen',
      [
        { ...mail, when: 'input.party != ""' },
        {
          ...text,
          onSkipped: 'run',
          with: { text: { $expr: 'has(mail.status) ? "not sent" : "sent"' } },
        },
      ],
    ],
    [
      'a plan made by a step',
      [
        { id: 'made', call: 'plan.make@1', with: { goal: 'x' } },
        { id: 'go', expand: { plan: { $expr: 'made.plan' }, allow: ['mail.send@1'] } },
      ],
    ],
    [
      'a hole in the content of an effect',
      [
        mail,
        {
          ...mail,
          id: 'b',
          with: {
            to: 'a@example.org',
            template: 'note',
            text: { $receipt: { step: 'mail', path: 'id', type: 'text', max: 99 } },
          },
        },
      ],
    ],
  ])('%s', (_what, steps) => {
    expect(faultsOf(steps)).toEqual([]);
  });
});

describe('every kind of fault is named', () => {
  const hole = { $receipt: { step: 'mail', path: 'id', type: 'text', max: 99 } };
  test.each<[string, object[], string, string, string, string]>([
    [
      'an unknown capability',
      [{ ...text, call: 'text.sumarise@1' }],
      'steps[0].call',
      'a capability that exists',
      'text.sumarise@1',
      'Did you mean text.summarise@1?',
    ],
    [
      'an unknown version',
      [{ ...text, call: 'text.summarise@2' }],
      'steps[0].call',
      'a capability that exists',
      'text.summarise@2',
      'There is text.summarise@1.',
    ],
    [
      'an unknown playbook',
      [{ id: 'p', play: 'invoice-reminder@3' }],
      'steps[0].play',
      'a playbook that exists',
      'invoice-reminder@3',
      'There is invoice-reminder@2.',
    ],
    [
      'a playbook that is like no other',
      [{ id: 'p', play: 'nothing-like-it@1' }],
      'steps[0].play',
      'a playbook that exists',
      'nothing-like-it@1',
      'List what exists with: steward playbooks',
    ],
    [
      'an unknown capability in allow',
      [{ id: 'e', expand: { plan: { $expr: 'input' }, allow: ['no.such@1'] } }],
      'steps[0].expand.allow[0]',
      'a capability that exists',
      'no.such@1',
      '',
    ],
    [
      'a reference to nothing',
      [{ ...text, with: { text: { $expr: 'txet.text' } } }],
      'steps[0].with.text',
      'a step or a name',
      'txet',
      'Did you mean text?',
    ],
    [
      'a reference into a body',
      [
        { id: 'all', each: { over: [1], as: 'item', do: [text] } },
        { ...text, id: 'b', with: { text: { $expr: 'text.text' } } },
      ],
      'steps[1].with.text',
      'a step or a name',
      'text',
      'text is inside all; refer to all',
    ],
    [
      'an after that names nothing',
      [{ ...text, after: ['gone'] }],
      'steps[0].after[0]',
      'a step or a name',
      'gone',
      '',
    ],
    [
      'a field that the output has not',
      [hours, { ...text, with: { text: { $expr: 'hours.lnies[0].text' } } }],
      'steps[1].with.text',
      'a field that hours has',
      'hours.lnies',
      'Did you mean lines?',
    ],
    [
      'a field that is asked for in vain',
      [{ ...text, when: 'has(input.nota)' }],
      'steps[0].when',
      'a field that input has',
      'input.nota',
      'Did you mean note?',
    ],
    [
      'a field that the input has not',
      [{ ...text, with: { text: { $expr: 'input.partei' } } }],
      'steps[0].with.text',
      'a field that input has',
      'input.partei',
      'Did you mean party?',
    ],
    [
      'a field of a text',
      [{ ...text, with: { text: { $expr: 'input.party.name' } } }],
      'steps[0].with.text',
      'a field that input.party has',
      'a text',
      'Use input.party itself.',
    ],
    [
      'a record field that is not there',
      [{ ...mail, with: { to: { $ref: ['party', 'p', 'mail'] }, template: 'note' } }],
      'steps[0].with.to',
      'a field of a record that exists',
      'party.mail',
      '',
    ],
    [
      'a number where a text belongs',
      [hours, { ...text, with: { text: { $expr: 'hours.count' } } }],
      'steps[1].with.text',
      'a text',
      'a whole number',
      'convert it',
    ],
    [
      'a text that is compared with a number, in a condition',
      [
        { id: 'q', ask: { title: 'How many?', ...form({ name: 'v', kind: 'text' }) } },
        { ...text, when: 'q.v > 3' },
      ],
      'steps[1].when',
      'two numbers, two texts or two times on both sides of >',
      'q.v > 3, where q.v is a text',
      'Convert one: double(q.v)',
    ],
    [
      'a condition that is no boolean',
      [
        { id: 'q', ask: { title: 'How many?', ...form({ name: 'v', kind: 'text' }) } },
        { ...text, when: 'q.v' },
      ],
      'steps[1].when',
      'true or false',
      'a text',
      'Compare it with something',
    ],
    [
      'calculating with an amount of money',
      [
        hours,
        { id: 'd', call: 'invoice.draft@1', with: { party: 'p', lines: { $expr: 'hours.lines' } } },
        { ...text, with: { text: { $expr: "'Sum: ' + string(d.total * 2)" } } },
      ],
      'steps[2].with.text',
      'two numbers on both sides of *',
      'd.total is an object {',
      'Use d.total.minor',
    ],
    [
      'an item of a list that is walked',
      [hours, { ...text, when: 'hours.lines.exists(l, l.text >= 1.5)' }],
      'steps[1].when',
      'two numbers, two texts or two times',
      'l.text is a text',
      'double(l.text)',
    ],
    [
      'an event that is compared wrongly with what is known',
      [
        hours,
        { id: 'w', wait: { event: 'payment.matched', where: 'event.sum - hours.lines > 1' } },
      ],
      'steps[1].wait.where',
      'two numbers or two times on both sides of -',
      'hours.lines is a list',
      'size(hours.lines)',
    ],
    [
      'a list where a text belongs',
      [hours, { ...text, with: { text: { $expr: 'hours.lines' } } }],
      'steps[1].with.text',
      'a text',
      'a list',
      'convert it',
    ],
    [
      'a comparison where a text belongs',
      [hours, { ...text, with: { text: { $expr: 'hours.count > 1' } } }],
      'steps[1].with.text',
      'a text',
      'true or false',
      '',
    ],
    [
      'a list of the wrong things',
      [hours, { ...mail, with: { ...mail.with, attach: { $expr: 'hours.lines' } } }],
      'steps[1].with.attach[0]',
      'a text',
      'an object',
      '',
    ],
    [
      'an object without a field',
      [
        {
          id: 'd',
          call: 'invoice.draft@1',
          with: { party: 'p', lines: [{ text: 'x', hours: 1 }] },
        },
      ],
      'steps[0].with.lines[0].amount',
      'an object {minor, currency}',
      'nothing',
      'Give it',
    ],
    [
      'a missing argument',
      [{ ...text, with: {} }],
      'steps[0].with.text',
      'a text',
      'nothing',
      'Give it steps[0].with.text.',
    ],
    [
      'no arguments at all',
      [{ id: 'text', call: 'text.summarise@1' }],
      'steps[0].with.text',
      'a text',
      'nothing',
      'Give it',
    ],
    [
      'a misspelt argument',
      [{ ...text, with: { text: 'x', txet: 'y' } }],
      'steps[0].with.txet',
      'one of text',
      'txet',
      'Did you mean text?',
    ],
    [
      'a literal that is not a choice',
      [{ ...mail, with: { ...mail.with, template: 'notice' } }],
      'steps[0].with.template',
      'one of "invoice"',
      '"notice"',
      '',
    ],
    [
      'a literal that breaks the pattern',
      [{ ...mail, with: { ...mail.with, to: 'nobody' } }],
      'steps[0].with.to',
      'an e-mail address such as ann@example.com',
      '"nobody"',
      '',
    ],
    [
      'an argument of a playbook',
      [{ id: 'p', play: 'invoice-reminder@2', with: { invoice: 7 } }],
      'steps[0].with.invoice',
      'a text',
      '7',
      '',
    ],
    [
      'a condition that is no condition',
      [hours, { ...text, when: 'hours.count' }],
      'steps[1].when',
      'true or false',
      'a whole number',
      '',
    ],
    [
      'an until that is no condition',
      [{ id: 'r', repeat: { do: [text], until: 'text.text', max: 2 } }],
      'steps[0].repeat.until',
      'true or false',
      'a text',
      '',
    ],
    [
      'a where that reads nothing',
      [{ id: 'w', wait: { event: 'a.b', where: 'event.x == isue.id' } }],
      'steps[0].wait.where',
      'a step or a name',
      'isue',
      '',
    ],
    [
      'an each over no list',
      [hours, { id: 'all', each: { over: { $expr: 'hours.count' }, as: 'x', do: [text] } }],
      'steps[1].each.over',
      'a list',
      'a whole number',
      '',
    ],
    [
      'a lock that is no text',
      [hours, { ...text, lock: { $expr: 'hours.count' } }],
      'steps[1].lock',
      'a text or a list',
      'a whole number',
      '',
    ],
    [
      'an expand of no plan',
      [hours, { id: 'e', expand: { plan: { $expr: 'hours.lines' } } }],
      'steps[1].expand.plan',
      'an object',
      'a list',
      '',
    ],
    [
      'a circle',
      [
        { ...text, with: { text: { $expr: 'b.text' } } },
        { ...text, id: 'b', with: { text: { $expr: 'text.text' } } },
      ],
      'steps[0]',
      'in one direction',
      'a circle: text -> b -> text',
      '',
    ],
    ['a double id', [text, text], 'steps[1].id', 'an id of its own', 'text, as in steps[0]', ''],
    [
      'a reserved id',
      [{ ...text, id: 'input' }],
      'steps[0].id',
      'an id that has no other meaning',
      'input',
      '',
    ],
    [
      'an id of the language',
      [{ ...text, id: 'string' }],
      'steps[0].id',
      'an id that has no other meaning',
      'string',
      '',
    ],
    [
      'an item named like a step',
      [text, { id: 'all', each: { over: [1], as: 'text', do: [{ ...text, id: 'x' }] } }],
      'steps[1].each.as',
      'a name of its own',
      'text, which means',
      '',
    ],
    [
      'a step that never runs',
      [{ ...text, when: 'false' }],
      'steps[0].when',
      'a step that can run',
      'always false',
      '',
    ],
    [
      'a step that is never true',
      [{ ...text, when: '1 > 2' }],
      'steps[0].when',
      'a step that can run',
      'always false',
      '',
    ],
    [
      'a hole for a destination',
      [mail, { ...mail, id: 'b', with: { to: hole, template: 'note' } }],
      'steps[1].with.to',
      'known when it is signed (destination)',
      'a hole',
      '',
    ],
    [
      'a hole in a grave act',
      [
        mail,
        {
          id: 'b',
          call: 'bank.pay@1',
          with: { iban: 'x', amount: { minor: 1, currency: 'EUR' }, note: hole },
        },
      ],
      'steps[1].with.note',
      'no hole in an act',
      'a hole',
      '',
    ],
    [
      'a hole where there is no effect',
      [mail, { ...text, id: 'b', with: { text: hole } }],
      'steps[1].with.text',
      'a hole in an effect only',
      'class pure',
      '',
    ],
    [
      'a hole for a step that is not there',
      [{ ...mail, with: { ...mail.with, text: hole } }].map((step) => ({ ...step, id: 'b' })),
      'steps[0].with.text',
      'the receipt of a step beside it',
      'mail',
      '',
    ],
    [
      'a choice without choices',
      [{ id: 'q', ask: { title: 'x', ...form({ name: 'a', kind: 'choice' }) } }],
      'steps[0].ask.form.fields[0].choices',
      'the choices',
      'nothing',
      '',
    ],
    [
      'an expression that cannot be read',
      [{ ...text, when: '1 +' }],
      'steps[0].when',
      'an expression that can be read',
      '1 +',
      '',
    ],
    [
      'a fault deep inside',
      [
        {
          id: 'all',
          each: {
            over: [1],
            as: 'item',
            do: [
              {
                id: 'r',
                repeat: {
                  do: [{ ...text, with: { text: { $expr: 'itme' } } }],
                  until: 'true',
                  max: 1,
                },
              },
            ],
          },
        },
      ],
      'steps[0].each.do[0].repeat.do[0].with.text',
      'a step or a name',
      'itme',
      'Did you mean item?',
    ],
  ])('%s', (_what, steps, path, expected, found, remedy) => {
    const faults = faultsOf(steps);
    expect(faults).toContainEqual({
      path,
      expected: expect.stringContaining(expected),
      found: expect.stringContaining(found),
      remedy: expect.stringContaining(remedy),
    });
    expect(faults.every((fault) => fault.remedy.length > 0)).toBe(true);
  });

  test('all of them together, each once', () => {
    const faults = faultsOf([
      { ...text, call: 'no.such@1' },
      { ...hours, with: { party: 7 } },
      { ...mail, when: 'gone.x' },
    ]);
    expect(faults.map((fault) => fault.path)).toEqual([
      'steps[0].call',
      'steps[1].with.month',
      'steps[1].with.party',
      'steps[2].when',
    ]);
  });

  test('a step that needs one that never runs is named with the reason', () => {
    const faults = faultsOf([
      { ...text, when: 'false' },
      { ...text, id: 'b', with: { text: { $expr: 'text.text' } } },
    ]);
    expect(faults.map(({ path, found }) => [path, found])).toEqual([
      ['steps[0].when', 'when is always false: "false"'],
      ['steps[1]', 'it refers to text, which never runs'],
    ]);
  });

  test('input that only the contract itself can judge is judged when all of it is known', () => {
    const even = capability({
      name: 'even.take',
      effect: 'pure',
      input: z.strictObject({ n: z.int().refine((n) => n % 2 === 0, 'must be even') }),
      output: z.null(),
    });
    const more = { capability: (ref: string) => (ref === 'even.take@1' ? even : undefined) };
    expect(faultsOf([{ id: 'a', call: 'even.take@1', with: { n: 3 } }], {}, more)).toMatchObject([
      { path: 'steps[0].with.n', found: 'must be even' },
    ]);
    expect(faultsOf([{ id: 'a', call: 'even.take@1', with: { n: 4 } }], {}, more)).toEqual([]);
  });
});

describe('a playbook', () => {
  const playbook = (name: string, plays: string): Playbook => ({
    ...reminder,
    name,
    version: 1,
    input: { fields: [] },
    plan: parsePlan({ steps: [{ id: 'go', play: plays }] }),
  });

  test('is checked against its own form', () => {
    const plan = parsePlan({
      steps: [
        { ...text, with: { text: { $expr: 'input.invoice' } } },
        { ...text, id: 'b', with: { text: { $expr: 'input.invoise' } } },
      ],
    });
    expect(validatePlaybook({ ...reminder, plan }, registry).map(({ path }) => path)).toEqual([
      'plan.steps[1].with.text',
    ]);
  });

  describe('read from outside', () => {
    const sound = { ...reminder, version: 3, plan: { steps: [text, hours] } };
    const pathsOf = (document: unknown) =>
      checkPlaybook(document, registry).map(({ path }) => path);
    const withSteps = (...steps: unknown[]) => ({ ...sound, plan: { steps } });
    const wrong = { ...text, id: 'w', call: 'text.sumarise@1' };

    test('without a fault has none', () => {
      expect(checkPlaybook(sound, registry)).toEqual([]);
    });

    test.each<[string, unknown, string[]]>([
      [
        'a step of a wrong shape hides neither another nor is it missed by those that refer to it',
        withSteps(
          { ...text, wehn: 'true' },
          { ...text, id: 'b', with: { text: { $expr: 'text.text + nope.x' } } },
          wrong,
        ),
        ['plan.steps[0].wehn', 'plan.steps[1].with.text', 'plan.steps[2].call'],
      ],
      [
        'a step inside another',
        withSteps(
          wrong,
          { id: 'r', repeat: { do: [{ ...text, tet: 1 }, hours], until: 'hours.count == "a"' } },
          { id: 's', repeat: { do: [{ ...text, tet: 1 }], until: 'round == "a"', max: 3 } },
        ),
        [
          'plan.steps[1].repeat.do[0].tet',
          'plan.steps[1].repeat.max',
          'plan.steps[2].repeat.do[0].tet',
          'plan.steps[0].call',
          'plan.steps[2].repeat.until',
        ],
      ],
      [
        'members around the plan',
        { ...withSteps(wrong), version: 0, titel: 'x', autonomy: 'maybe' },
        ['version', 'autonomy', 'titel', 'plan.steps[0].call'],
      ],
      [
        'a step without an id, and one that is none',
        withSteps({ call: 'text.summarise@1', with: { text: 'x' } }, 3, wrong),
        ['plan.steps[0].id', 'plan.steps[1]', 'plan.steps[2].call'],
      ],
      [
        'an id twice that could not be read',
        withSteps({ ...text, x: 1 }, { ...text, x: 1 }),
        ['plan.steps[0].x', 'plan.steps[1].x', 'plan.steps[1].id'],
      ],
      [
        'a step that an earlier one waits for',
        withSteps(
          { ...mail, with: { ...mail.with, text: { $expr: 'text.text' } } },
          { ...text, x: 1 },
        ),
        ['plan.steps[1].x'],
      ],
      ['no steps at all', { ...sound, plan: {} }, ['plan.steps']],
      ['no playbook at all', 'x', ['']],
    ])('%s', (_, document, paths) => {
      expect(pathsOf(document)).toEqual(paths);
    });

    test('law: whatever is broken, nothing throws, and what is broken is named', () => {
      const value = fc.oneof(fc.constantFrom(null, 3, 'x', [], {}, [{}]), fc.json());
      const place = fc.constantFrom('id', 'call', 'with', 'when', 'after', 'catch', 'x');
      fc.assert(
        fc.property(fc.nat(2), place, value, (index, key, broken) => {
          const steps = [text, { ...hours, id: 'h' }, { ...mail, id: 'm' }].map((step, at) =>
            at === index ? { ...step, [key]: broken } : step,
          );
          const found = checkPlaybook(withSteps(...steps, wrong), registry);
          expect(found.map(({ path }) => path)).toContain('plan.steps[3].call');
          const shape = readPlaybook(withSteps(...steps)).faults;
          for (const fault of shape) expect(found).toContainEqual(fault);
        }),
      );
    });

    test.each<[string, unknown, Fault]>([
      [
        'an unknown kind',
        [{ name: 'to', kind: 'texxt' }],
        {
          path: 'input.fields[0].kind',
          expected: expect.stringContaining('one of text, longtext, integer'),
          found: '"texxt"',
          remedy: 'Did you mean text?',
        },
      ],
      [
        'a kind that is like no other',
        [{ name: 'to', kind: 'zzz' }],
        {
          path: 'input.fields[0].kind',
          expected: expect.stringContaining('one of text'),
          found: '"zzz"',
          remedy: 'Correct input.fields[0].kind.',
        },
      ],
      [
        'a misspelt member',
        [
          { name: 'to', kind: 'text' },
          { name: 'n', kind: 'integer', requird: true },
        ],
        {
          path: 'input.fields[1].requird',
          expected: expect.stringContaining('one of name, kind, label'),
          found: 'requird',
          remedy: 'Did you mean required?',
        },
      ],
      [
        'fields that are no list',
        { to: 'text' },
        {
          path: 'input.fields',
          expected: 'a list',
          found: 'an object {to}',
          remedy: 'Correct input.fields.',
        },
      ],
      [
        'a choice of nothing',
        [{ name: 'to', kind: 'choice' }],
        {
          path: 'input.fields[0].choices',
          expected: 'the choices',
          found: 'nothing',
          remedy: 'List what can be chosen.',
        },
      ],
    ])(
      'whose input asks for %s is refused by name, beside its other faults',
      (_, fields, fault) => {
        const document = { ...withSteps(wrong), input: { fields }, output: { $expr: 'nope.x' } };
        const [first, ...others] = checkPlaybook(document, registry);
        expect(first).toEqual(fault);
        expect(others.map(({ path }) => path)).toEqual(['plan.steps[0].call', 'output']);
      },
    );

    test('of a step is refused with the kind that was meant', () => {
      const asks = { id: 'q', ask: { title: 'Q', ...form({ name: 'to', kind: 'intger' }) } };
      expect(checkPlaybook(withSteps(asks), registry)).toMatchObject([
        { path: 'plan.steps[0].ask.form.fields[0].kind', remedy: 'Did you mean integer?' },
      ]);
    });

    test('may have JSON Schema as its input, in whatever words', () => {
      const input = { type: 'object', properties: { fields: { kind: 'texxt' } } };
      expect(checkPlaybook({ ...sound, input }, registry)).toEqual([]);
    });

    test('each path is written in one way, and a remedy names the same one', () => {
      const found = checkPlaybook(
        withSteps(
          { ...mail, with: { to: 'nobody', template: 'note', attach: ['a', 3] } },
          { ...text, with: {} },
        ),
        registry,
      );
      expect(found).toEqual([
        {
          path: 'plan.steps[0].with.to',
          expected: 'an e-mail address such as ann@example.com',
          found: '"nobody"',
          remedy: 'Correct plan.steps[0].with.to.',
        },
        {
          path: 'plan.steps[0].with.attach[1]',
          expected: 'a text',
          found: '3',
          remedy: 'Correct plan.steps[0].with.attach[1].',
        },
        {
          path: 'plan.steps[1].with.text',
          expected: 'a text',
          found: 'nothing',
          remedy: 'Give it plan.steps[1].with.text.',
        },
      ]);
    });
  });

  test('is checked with its output', () => {
    const plan = parsePlan({ steps: [text] });
    const faults = (output: Json) => validatePlaybook({ ...reminder, plan, output }, registry);
    expect(faults({ done: { $expr: 'text.text' } })).toEqual([]);
    expect(faults({ done: { $expr: 'txt.text' } })).toMatchObject([
      { path: 'output.done', found: 'txt' },
    ]);
    expect(faults({ $expr: 'text.size' })).toMatchObject([{ path: 'output' }]);
    expect(faults({ $expr: '1 +' })).toMatchObject([{ path: 'output', expected: 'a template' }]);
  });

  test('that plays itself through another is named as a circle', () => {
    const books: Record<string, Playbook> = {
      'a@1': playbook('a', 'b@1'),
      'b@1': playbook('b', 'a@1'),
    };
    const faults = validatePlaybook(playbook('a', 'b@1'), {
      ...registry,
      playbook: (ref) => books[ref],
    });
    expect(faults).toMatchObject([{ path: 'plan', found: 'a@1 -> b@1 -> a@1' }]);
  });
});

describe('validation cannot be made to take long', () => {
  const chain = (length: number, textAt: (index: number) => Json) =>
    Array.from({ length }, (_, index) => ({
      ...text,
      id: `s${index}`,
      with: { text: textAt(index) },
    }));
  const choice = (index: number): object => ({
    id: `r${index}`,
    repeat: {
      do: [{ ...text, id: `t${index}` }],
      until: 'true',
      max: 1,
      output:
        index === 0
          ? { a: 1 }
          : { $expr: `input.party == "" ? r${index - 1} : {"b": r${index - 1}}` },
    },
  });

  test.each<[string, readonly object[], number, number]>([
    [
      '200 steps',
      chain(200, (index) => (index === 0 ? 'x' : { $expr: `s${index - 1}.text` })),
      0,
      400,
    ],
    [
      '10,000 steps',
      chain(10_000, (index) => (index === 0 ? 'x' : { $expr: `s${index - 1}.text` })),
      0,
      3_000,
    ],
    [
      '5,000 names that mean nothing',
      chain(5_000, (index) => ({ $expr: `gone${index}.text` })),
      5_000,
      5_000,
    ],
    ['choices of choices', Array.from({ length: 60 }, (_, index) => choice(index)), 0, 1_000],
  ])('%s', (_what, steps, count, mostMs) => {
    const plan = parsePlan({ steps });
    const validate = () => validatePlan(plan, registry, { input: invoiceInput });
    expect(cpuMs(() => expect(validate()).toHaveLength(count))).toBeLessThan(mostMs);
  });
});

describe('names', () => {
  const names = [...LANGUAGE_NAMES].filter((name) => /^[a-z][a-zA-Z0-9_]*$/.test(name));

  test.each(names)(
    '%s has a meaning in expressions, so no step and no item is called so',
    (name) => {
      const remedy = expect.stringContaining(`${name}Step`);
      const other = { expected: 'an id that has no other meaning', found: name, remedy };
      expect(faultsOf([{ ...text, id: name }])).toContainEqual({ ...other, path: 'steps[0].id' });
      const each = { id: 'all', each: { over: [1], as: name, do: [{ ...text, id: 'x' }] } };
      const at = { ...other, path: 'steps[0].each.as' };
      expect(faultsOf([each])).toContainEqual(at);
    },
  );

  test.each([
    'size',
    'has',
    'timestamp',
    'duration',
    'exists',
    'filter',
    'default',
    'self',
    'list1',
  ])('%s means nothing else, so a step of this name can be read', (name) => {
    const scope = new Map([[name, labelled({ x: 1, l: [1, 2] })]]);
    const read = `${name}.x + size(${name}.l.map(v, v + 1))`;
    expect(evaluateExpression(compileExpression(read), scope)).toBe(3);
    expect(
      faultsOf([
        { ...hours, id: name },
        { ...text, when: `${name}.count > 0` },
      ]),
    ).toEqual([]);
  });
});
