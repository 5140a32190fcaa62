import { z } from 'zod';
import { capabilityRef, failure } from '../../contract/index.ts';
import { mayAskFor, mayPlay } from '../../kernel/index.ts';
import { defineOperation } from './operation.ts';

export const capabilitiesOperation = defineOperation({
  name: 'capabilities',
  title: 'Everything that can be asked for, and who does it',
  method: 'GET',
  path: '/api/capabilities',
  access: 'look',
  body: 'none',
  input: z.strictObject({ name: z.string().max(200).optional() }),
  cli: {
    words: ['capabilities'],
    arguments: [{ field: 'name', name: 'NAME', help: 'only these', optional: true }],
    examples: ['steward capabilities', 'steward capabilities mail.send'],
  },
  bearer: () => undefined, // answers with what the token's scope names
  handle: async ({ name }, { services: { registry }, caller: { bearer } }) => {
    const all = registry
      .all()
      .filter(({ contract }) => !bearer || mayAskFor(bearer, capabilityRef(contract)));
    const found = name === undefined ? all : all.filter(({ contract }) => isNamed(contract, name));
    if (name !== undefined && found.length === 0) {
      throw failure('unknown_capability', `Nothing here does "${name}".`, { capability: name });
    }
    return found.map(({ kind, contract }) => ({
      name: contract.name,
      version: contract.version,
      ref: capabilityRef(contract),
      title: contract.title,
      kind,
      effect: contract.effect,
      connector: contract.connector ?? null,
      roles: contract.roles,
      idempotency: contract.idempotency,
      failures: Object.keys(contract.failures),
      reads: contract.reads,
      timeoutMs: contract.timeoutMs,
      cost: contract.cost,
      placement: contract.placement,
      ...(name === undefined
        ? {}
        : { input: jsonSchema(contract.input), output: jsonSchema(contract.output) }),
    }));
  },
});

function isNamed(contract: { readonly name: string; readonly version: number }, name: string) {
  return contract.name === name || capabilityRef(contract) === name;
}

function jsonSchema(schema: z.ZodType): unknown {
  return z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
}

export const playbooksOperation = defineOperation({
  name: 'playbooks',
  title: 'The playbooks that new runs take, with their plans',
  method: 'GET',
  path: '/api/playbooks',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['playbooks'], examples: ['steward playbooks'] },
  bearer: () => undefined, // answers with those that stay within the token's scope
  handle: async (_, { services: { kernel }, caller: { bearer } }) => {
    const published = await kernel.versions.list();
    const { active, find } = kernel.playbooks;
    const known = active().filter((each) => !bearer || mayPlay(bearer, each, find));
    return known.map(({ name, version, title, autonomy, input, plan }) => ({
      ...{ name, version, title, autonomy, input, plan },
      steps: plan.steps.length,
      versions: published.filter((each) => each.name === name).map((each) => each.version),
    }));
  },
});

export const connectorsOperation = defineOperation({
  name: 'connectors',
  title: 'Connections to the outside and their mode',
  method: 'GET',
  path: '/api/connectors',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['connectors'], examples: ['steward connectors'] },
  handle: async (_, { services }) => {
    const byName = new Map<string, { version: number; capabilities: string[] }>();
    for (const entry of services.registry.all()) {
      if (entry.kind !== 'connector') continue;
      const { name, version } = entry.connector;
      const known = byName.get(name) ?? { version, capabilities: [] };
      known.capabilities.push(capabilityRef(entry.contract));
      byName.set(name, known);
    }
    return Promise.all(
      [...byName].map(async ([name, known]) => {
        const { mode, stopped } = await services.kernel.trust.modeOf(name);
        return { name, ...known, mode, stopped };
      }),
    );
  },
});
