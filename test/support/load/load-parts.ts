import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Agent, defineAgent } from '../../../src/agent/index.ts';
import { type JsonObject, sha256 } from '../../../src/base/index.ts';
import type { Connector, Probe } from '../../../src/connect/index.ts';
import { type CapabilityContract, failure } from '../../../src/contract/index.ts';

const plain = {
  version: 1,
  roles: {},
  idempotency: 'idempotent',
  failures: {},
  reads: {},
  timeoutMs: 60_000,
  cost: { microUsd: 0, latencyMs: 1 },
  placement: 'this-machine',
} as const satisfies Partial<CapabilityContract>;

const number = z.strictObject({ n: z.int() });

/** Lines that are on disk before the call answers: what really happened, whatever the log says. */
export function createJournal(file: string) {
  return {
    write: (line: string): void => {
      const handle = openSync(file, 'a');
      writeSync(handle, `${line}\n`);
      fsyncSync(handle);
      closeSync(handle);
    },
    lines: (): readonly string[] =>
      existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [],
  };
}

export function journalsOf(home: string) {
  return {
    /** one line per thing that the outside system really did: its key */
    commits: createJournal(join(home, 'commits.txt')),
    /** every try that the outside system saw */
    tries: createJournal(join(home, 'tries.txt')),
    /** run and step of every execution of a capability that must not be repeated unasked */
    executions: createJournal(join(home, 'executions.txt')),
    flaky: createJournal(join(home, 'flaky.txt')),
  };
}

/** Capabilities of every kind that the kernel treats differently. */
export function loadAgents(home: string): readonly Agent[] {
  const { executions, flaky } = journalsOf(home);
  return [
    defineAgent(
      {
        ...plain,
        name: 'load.add',
        title: 'Add one',
        effect: 'pure',
        input: number,
        output: number,
      },
      ({ n }) => ({ output: { n: n + 1 } }),
    ),
    defineAgent(
      {
        ...plain,
        name: 'load.slow',
        title: 'Add one slowly',
        effect: 'pure',
        input: number,
        output: number,
      },
      async ({ n }) => {
        await sleep(1 + (n % 3));
        return { output: { n: n + 1 } };
      },
    ),
    defineAgent(
      {
        ...plain,
        name: 'load.big',
        title: 'Make a long text',
        effect: 'pure',
        input: number,
        output: z.strictObject({ n: z.int(), text: z.string() }),
      },
      ({ n }) => ({ output: { n, text: 'x'.repeat(100_000) } }),
    ),
    defineAgent(
      {
        ...plain,
        name: 'load.list',
        title: 'Make a list',
        effect: 'pure',
        input: number,
        output: z.strictObject({ items: z.array(z.int()) }),
      },
      ({ n }) => ({ output: { items: Array.from({ length: n }, (_, index) => index) } }),
    ),
    defineAgent(
      {
        ...plain,
        name: 'load.soon',
        title: 'Name a time a moment from now',
        effect: 'pure',
        input: z.strictObject({ ms: z.int() }),
        output: z.strictObject({ at: z.string() }),
      },
      ({ ms }, { now }) => ({ output: { at: new Date(now + ms).toISOString() } }),
    ),
    defineAgent(
      {
        ...plain,
        name: 'load.flaky',
        title: 'Fail twice, then work',
        effect: 'read',
        input: number,
        output: number,
        failures: { remote_unavailable: { attempts: 100, firstDelayMs: 2, maxDelayMs: 8 } },
      },
      async ({ n }, { run, step }) => {
        await sleep(1);
        const name = `${run} ${step}`;
        const before = flaky.lines().filter((line) => line === name).length;
        flaky.write(name);
        if (before < 2) throw failure('remote_unavailable', 'not yet');
        return { output: { n: n + 1 } };
      },
    ),
    defineAgent(
      {
        ...plain,
        name: 'load.note',
        title: 'Keep a note',
        effect: 'record',
        input: number,
        output: number,
      },
      async ({ n }, { run, step, newId }) => {
        await sleep(1);
        const set = { name: `note ${run} ${step}`, kinds: ['lead'] };
        return {
          output: { n },
          commands: [{ type: 'create', record: 'party', id: newId(), set }],
        };
      },
    ),
    defineAgent(
      {
        ...plain,
        name: 'load.once',
        title: 'Do what must not be repeated unasked',
        effect: 'record',
        idempotency: 'once',
        input: number,
        output: number,
      },
      async ({ n }, { run, step }) => {
        executions.write(`${run} ${step}`);
        await sleep(2);
        return { output: { n: n + 1 } };
      },
    ),
  ];
}

const sendContract: CapabilityContract = {
  ...plain,
  name: 'load.send',
  title: 'Send something outside',
  effect: 'final',
  connector: 'load',
  idempotency: 'keyed',
  roles: { n: 'content' },
  failures: { remote_unavailable: { attempts: 100, firstDelayMs: 2, maxDelayMs: 8 } },
  input: number,
  output: number,
};

/**
 * An outside system that does not know what a repeat is: every commit that reaches it is done again.
 * Only a kernel that probes first is safe with it. By its key it also answers late or not at all.
 */
export function loadConnector(home: string): Connector {
  const { commits, tries } = journalsOf(home);
  const receipt = { said: 'done', provider: {} };
  return {
    name: 'load',
    version: 1,
    contracts: [sendContract],
    finalise: async ({ input, key }, { keep }) => {
      const bytes = new TextEncoder().encode(JSON.stringify(input.value));
      const blob = await keep(bytes);
      const part = { name: 'body', mediaType: 'text/plain', blob, bytes: bytes.length };
      return {
        account: 'load',
        summary: `Send ${String(input.value.n)}`,
        to: [`load/${key.slice(0, 8)}`],
        amount: null,
        parts: [{ ...part, use: 'exact' }],
        carries: [],
        undo: { possible: false, how: 'It cannot be taken back.' },
        preview: { text: String(input.value.n), blobs: [] },
        output: { n: Number(input.value.n) + 1 },
      };
    },
    commit: async ({ key }) => {
      const tried = tries.lines().filter((line) => line === key).length;
      tries.write(key);
      const mood = Number.parseInt(sha256(key).slice(0, 2), 16) % 4;
      if (mood === 1 && tried === 0) {
        return { status: 'later', retryAfterMs: 3, message: 'not right now' };
      }
      await sleep(1);
      commits.write(key);
      if (mood === 2) return { status: 'unknown', message: 'the line went dead' };
      if (mood === 3) throw new Error('the connector broke after it was done');
      return { status: 'committed', receipt };
    },
    probe: async ({ key }): Promise<Probe> =>
      commits.lines().includes(key)
        ? { status: 'committed', receipt }
        : { status: 'not-committed' },
  };
}

const n = (expression: string): JsonObject => ({ n: { $expr: expression } });
const note = (from: string, id = 'note'): JsonObject => ({
  id,
  call: 'load.note@1',
  with: n(from),
});

function playbook(name: string, steps: readonly JsonObject[]): JsonObject {
  const input = { fields: [{ name: 'name', kind: 'text', label: 'Name' }] };
  return { name, version: 1, title: name, autonomy: 'auto', input, plan: { steps } };
}

/** One playbook per pattern of work. */
export const LOAD_PLAYBOOKS: readonly JsonObject[] = [
  playbook('load-chain', [
    { id: 'a', call: 'load.add@1', with: { n: 0 } },
    { id: 'b', call: 'load.slow@1', with: n('a.n') },
    { id: 'c', call: 'load.big@1', with: n('b.n') },
    { id: 'd', call: 'load.add@1', with: n('c.n') },
    note('d.n'),
  ]),
  playbook('load-fan', [
    { id: 'a', call: 'load.add@1', with: { n: 0 } },
    ...[1, 2, 3, 4, 5].map((k) => ({ id: `s${k}`, call: 'load.slow@1', with: n(`a.n + ${k}`) })),
    note('s1.n + s2.n + s3.n + s4.n + s5.n'),
  ]),
  playbook('load-each', [
    { id: 'five', call: 'load.list@1', with: { n: 5 } },
    {
      id: 'all',
      each: {
        over: { $expr: 'five.items' },
        as: 'one',
        parallel: 3,
        do: [{ id: 'slow', call: 'load.slow@1', with: n('one') }, note('slow.n')],
      },
    },
    note('size(all)', 'last'),
  ]),
  playbook('load-repeat', [
    {
      id: 'rounds',
      repeat: {
        max: 5,
        until: 'bump.n >= 4',
        do: [{ id: 'bump', call: 'load.slow@1', with: n('round') }],
      },
    },
    note('rounds.n'),
  ]),
  playbook('load-timer', [
    { id: 'soon', call: 'load.soon@1', with: { ms: 25 } },
    { id: 'pause', wait: { until: { $expr: 'soon.at' } } },
    { id: 'after', call: 'load.note@1', after: ['pause'], with: { n: 1 } },
  ]),
  playbook('load-ask', [
    {
      id: 'ask',
      ask: {
        title: 'How many?',
        form: { fields: [{ name: 'n', kind: 'integer', label: 'How many?', required: true }] },
      },
    },
    note('ask.n'),
  ]),
  playbook('load-retry', [{ id: 'flaky', call: 'load.flaky@1', with: { n: 1 } }, note('flaky.n')]),
  playbook('load-send', [
    { id: 'first', call: 'load.send@1', with: { n: 1 } },
    { id: 'second', call: 'load.send@1', with: n('first.n') },
    note('second.n'),
  ]),
  playbook('load-bell', [
    { id: 'bell', wait: { event: 'bell.rung', where: 'event.name == input.name', for: 'PT1H' } },
    { id: 'note', call: 'load.note@1', when: '!bell.timedOut', with: { n: 1 } },
  ]),
  playbook('load-play', [
    { id: 'inner', play: 'load-repeat@1' },
    { id: 'once', call: 'load.once@1', with: { n: 1 } },
    { id: 'last', call: 'load.note@1', after: ['inner', 'once'], with: n('once.n') },
  ]),
  playbook('load-lock', [
    { id: 'held', call: 'load.slow@1', lock: 'the-one', with: { n: 1 } },
    note('held.n'),
  ]),
];
