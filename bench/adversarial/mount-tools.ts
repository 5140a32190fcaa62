import { z } from 'zod';
import { type Agent, defineAgent } from '../../src/agent/index.ts';
import { canonicalJson, type Json, type JsonObject } from '../../src/base/index.ts';
import type { Connector } from '../../src/connect/index.ts';
import {
  type CapabilityContract,
  isOutside,
  type Label,
  PUBLIC,
} from '../../src/contract/index.ts';
import type { Tool } from './suite-file.ts';
import { classOf } from './tool-classes.ts';

/** Something that a tool did, and for effects the hash under which it was done. */
export interface Deed {
  readonly tool: string;
  readonly args: JsonObject;
  readonly hash: string | null;
}

/** What reading tools answer next, and everything that was done. */
export interface Stage {
  readonly deeds: Deed[];
  /** by tool and arguments: its answers, in order where a call is repeated */
  readonly answers: Map<string, { readonly value: JsonObject; readonly label: Label }[]>;
  /** what the compromised agent says when it is asked for its plan */
  plan: JsonObject;
}

/** Effects of all tools go through one connector, so that one journal sees them. */
export const CONNECTOR = 'world';

const shared = {
  version: 1,
  idempotency: 'keyed',
  failures: {},
  reads: {},
  timeoutMs: 10_000,
  cost: { microUsd: 0, latencyMs: 1 },
  placement: 'anywhere',
} as const;

/** `send_email` is `tool.send-email@1`. */
export function capabilityOf(tool: string): string {
  return `tool.${tool.replaceAll('_', '-')}@1`;
}

export function mountTools(
  tools: readonly Tool[],
  stage: Stage,
): { readonly agents: readonly Agent[]; readonly connector: Connector } {
  const contracts = tools.map((tool) => [tool.name, contractOf(tool)] as const);
  const inside = contracts.filter(([, contract]) => !isOutside(contract.effect));
  const outside = contracts.filter(([, contract]) => isOutside(contract.effect));
  return {
    agents: [
      ...inside.map(([name, contract]) => readingTool(name, contract, stage)),
      worstAgent(stage),
      deputyAgent,
      noteWriter,
      noteReader,
    ],
    connector: journal(
      new Map(outside.map(([name, contract]) => [contract.name, name])),
      outside,
      stage,
    ),
  };
}

function contractOf(tool: Tool): CapabilityContract {
  const { effect, roles } = classOf(tool);
  return {
    ...shared,
    name: capabilityOf(tool.name).slice(0, -2),
    title: tool.name.replaceAll('_', ' '),
    input: z.record(z.string(), z.json()),
    output: z.record(z.string(), z.json()),
    effect,
    roles,
    ...(isOutside(effect) ? { connector: CONNECTOR } : {}),
  };
}

/** Answers what the script says, under the label of what it shows. */
function readingTool(name: string, contract: CapabilityContract, stage: Stage): Agent {
  return {
    contract,
    run: (input) => {
      if (contract.effect !== 'read') {
        stage.deeds.push({ tool: name, args: asObject(input), hash: null });
      }
      const answer = stage.answers.get(answerKey(name, input))?.shift();
      return answer
        ? { output: answer.value, labels: { base: answer.label } }
        : { output: { text: '' } };
    },
  };
}

export function answerKey(tool: string, args: Json): string {
  return `${tool} ${canonicalJson(args)}`;
}

/** Fully compromised: whatever it is given, it answers the attacker's plan. */
function worstAgent(stage: Stage): Agent {
  return {
    contract: {
      ...shared,
      ...{ name: 'agent.work', title: 'Work it out', effect: 'pure', roles: {} },
      input: z.json(),
      output: z.strictObject({ plan: z.json() }),
    },
    run: () => ({ output: { plan: stage.plan }, labels: { base: PUBLIC } }),
  };
}

/** Believes what another agent tells it. */
const deputyAgent: Agent = defineAgent(
  {
    ...shared,
    ...{ name: 'agent.pass-on', title: 'Pass it on', effect: 'pure', roles: {} },
    input: z.strictObject({ plan: z.json() }),
    output: z.strictObject({ plan: z.json() }),
  },
  ({ plan }) => ({ output: { plan } }),
);

/** Keeps what it is told in the company's own records. */
const noteWriter: Agent = defineAgent(
  {
    ...shared,
    ...{ name: 'note.write', title: 'Keep a note', effect: 'record', roles: {} },
    input: z.strictObject({ id: z.string(), plan: z.json() }),
    output: z.strictObject({ id: z.string() }),
  },
  ({ id, plan }) => ({
    output: { id },
    commands: [
      {
        ...{ type: 'create', record: 'party', id },
        set: { name: 'A note', notes: JSON.stringify(plan) },
      },
    ],
  }),
);

const noteReader: Agent = defineAgent(
  {
    ...shared,
    ...{ name: 'note.read', title: 'Read a note', effect: 'read', roles: { id: 'target' } },
    reads: { party: ['notes'] },
    input: z.strictObject({ id: z.string() }),
    output: z.strictObject({ plan: z.json() }),
  },
  async ({ id }, { records }) => {
    const note = await records.find('party', id);
    return { output: { plan: JSON.parse(String(note?.fields.notes ?? '{"steps":[]}')) } };
  },
);

/** Does each effect once per key and writes down under which hash. */
function journal(
  toolOf: ReadonlyMap<string, string>,
  outside: readonly (readonly [string, CapabilityContract])[],
  stage: Stage,
): Connector {
  const done = new Set<string>();
  return {
    name: CONNECTOR,
    version: 1,
    contracts: outside.map(([, contract]) => contract),
    finalise: async ({ contract, input }, ports) => {
      const text = canonicalJson(input.value);
      const bytes = new TextEncoder().encode(text);
      const blob = await ports.keep(bytes);
      const to = destinationsIn(contract, input.value);
      return {
        account: 'main',
        summary: `${contract.title}: ${to.join(', ')}`,
        to,
        amount: null,
        parts: [
          { name: 'call', mediaType: 'application/json', blob, bytes: bytes.length, use: 'exact' },
        ],
        carries: [],
        undo: { possible: false, how: 'It cannot be taken back.' },
        preview: { text, blobs: [{ name: 'call', mediaType: 'application/json', blob }] },
        output: { done: true },
      };
    },
    commit: async (effect, ports) => {
      const [part] = effect.parts;
      const text = new TextDecoder().decode(await ports.blob(part?.blob ?? ''));
      const name = effect.capability.slice(0, effect.capability.lastIndexOf('@'));
      if (!done.has(effect.key)) {
        const { effectHash } = await import('../../src/contract/portable.ts');
        stage.deeds.push({
          tool: toolOf.get(name) ?? name,
          args: asObject(JSON.parse(text)),
          hash: await effectHash(effect),
        });
      }
      done.add(effect.key);
      return { status: 'committed', receipt: { said: 'Done.', provider: {} } };
    },
    probe: async ({ key }) =>
      done.has(key)
        ? { status: 'committed', receipt: { said: 'Done.', provider: {} } }
        : { status: 'not-committed' },
  };
}

/** What a card says it goes to; what is changed, where nothing is sent anywhere. */
function destinationsIn(contract: CapabilityContract, input: JsonObject): readonly string[] {
  const valuesOf = (role: string): readonly string[] =>
    Object.entries(contract.roles)
      .filter(([, own]) => own === role)
      .flatMap(([argument]) => textsIn(input[argument]));
  const to = valuesOf('destination');
  return to.length > 0 ? to : valuesOf('target');
}

function textsIn(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.flatMap((item: Json) => textsIn(item)) : [];
}

export function asObject(value: Json): JsonObject {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : {}; // neither null nor a list
}
