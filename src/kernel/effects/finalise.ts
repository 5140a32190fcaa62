import {
  atPath,
  canonicalJson,
  type Id,
  type Json,
  type JsonObject,
  LIMITS,
  sha256,
  toTimestamp,
} from '../../base/index.ts';
import { type Connector, finaliseInTime, type RecordView } from '../../connect/index.ts';
import {
  type CapabilityContract,
  capabilityRef,
  type Effect,
  type EffectArgument,
  type EffectHash,
  type EffectKey,
  type EffectPreview,
  failure,
  type Label,
  type Labelled,
  labelWithin,
  type Snapshot,
} from '../../contract/index.ts';
import { effectHash, effectKey } from '../../contract/portable.ts';
import type { StreamAppend } from '../../log/index.ts';
import { normaliseAddress } from '../../policy/index.ts';
import type { RecordState } from '../../records/index.ts';
import { seriesFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import { limitFields, type RecordStore } from '../record-reads.ts';
import { takeSnapshot } from '../snapshot.ts';
import { modeNow } from '../trust/modes.ts';
import { refuseSecrets } from '../trust/refuse-secrets.ts';
import { contractHash } from './contract-hash.ts';
import type { Edits } from './edits.ts';
import { readOf } from './outside.ts';
import { chooseNumber, reservation } from './series.ts';

/** A signature over an effect is worth nothing this long after its Date. */
export const EFFECT_LIFE_MS = 24 * 60 * 60 * 1000;
const RESERVE_TRIES = 20;
/** bytes of an effect with its card, which are one event; the rest of it is small */
const EFFECT_BYTES = LIMITS.eventDataBytes - 16 * 1024;

export interface FinaliseRequest {
  readonly run: Id;
  readonly step: string;
  readonly contract: CapabilityContract;
  readonly connector: Connector;
  readonly input: Labelled<JsonObject>;
  readonly revision: number;
}

export interface FinalisedEffect {
  readonly key: EffectKey;
  readonly hash: EffectHash;
  readonly effect: Effect;
  readonly preview: EffectPreview;
  readonly output: Json;
  readonly input: Labelled<JsonObject>;
  /** what it was prepared on; absent in what an older Steward prepared */
  readonly snapshot?: Snapshot;
  readonly edits?: Edits;
  readonly editsLabel?: Label;
}

/**
 * Resolves everything into the exact bytes and hashes them; nothing outside changes. Reads become
 * preconditions, numbers are reserved. Fails as the connector fails, `not_possible` when it is off.
 */
export async function finaliseEffect(
  ports: KernelPorts,
  records: RecordStore,
  request: FinaliseRequest,
): Promise<FinalisedEffect> {
  const { log, clock } = ports;
  const { mode, incarnation } = await modeNow(log, request.connector.name);
  if (mode === 'off') {
    throw failure(
      'not_possible',
      `The connection "${request.connector.name}" is off: nothing can be prepared or sent.`,
      { connector: request.connector.name },
      `Switch it on: steward connect ${request.connector.name}; or the whole company: steward mode live`,
    );
  }
  const { run, step, contract, connector, input, revision } = request;
  const [stepId = step, ...item] = step.split('/');
  const identity = {
    company: log.company,
    incarnation,
    mode,
    run,
    step: stepId,
    item: item.join('/'),
    revision,
  } as const;
  const key = await effectKey(identity);
  const snapshot = await takeSnapshot(log);
  const then = records.at(snapshot.seq);
  const nowMs = clock.now();
  const seen = new Map<string, RecordState>();
  const numbers: { series: string; number: number }[] = [];
  async function read(type: string, id: Id): Promise<RecordView> {
    const state = limitFields(contract, await then.get(type, id));
    seen.set(`${type}/${id}`, state);
    return state;
  }
  const finalised = await finaliseInTime(
    connector,
    { contract, key, mode, run, step, input, nowMs },
    {
      record: (type, id) => read(type, id),
      company: () => read('company', log.company),
      blob: ports.blobs.get,
      keep: ports.blobs.put,
      fetch: readOf(ports, connector),
      reserveNumber: async (series) => {
        const number = await reserveNumber(ports, `${mode}-${series}`, key);
        numbers.push({ series: `${mode}-${series}`, number });
        return number;
      },
    },
  );
  const { summary, to, preview, output } = finalised;
  refuseSecrets(ports, [input.value, summary, [...to], preview.text, output], step);
  const effect: Effect = {
    v: 1,
    ...identity,
    key,
    capability: capabilityRef(contract),
    contract: contractHash(contract),
    connector: connector.name,
    account: finalised.account,
    class: contract.effect,
    summary,
    to,
    amount: finalised.amount,
    arguments: [
      ...steeringArguments(contract, input),
      ...foundDestinations(finalised.to, seen.values()),
    ],
    parts: finalised.parts,
    carries: finalised.carries,
    numbers,
    preconditions: [
      ...[...seen].map(([stream, { version }]) => ({ type: 'stream' as const, stream, version })),
      ...(finalised.remote ?? []),
    ],
    undo: finalised.undo,
    date: toTimestamp(nowMs),
    expires: toTimestamp(nowMs + EFFECT_LIFE_MS),
    salt: ports.random(16),
  };
  const hash = await effectHash(effect);
  const bytes = Buffer.byteLength(JSON.stringify({ effect, preview, output, input }));
  if (bytes > EFFECT_BYTES) {
    throw failure(
      'too_large',
      'This is too large to be shown in full before it is signed.',
      { bytes, limit: EFFECT_BYTES },
      'Make the text shorter, or attach it as a file.',
    );
  }
  return { key, hash, effect, preview, output, input, snapshot };
}

async function reserveNumber(
  { log, clock }: KernelPorts,
  series: string,
  key: EffectKey,
): Promise<number> {
  const stream = `series/${series}`;
  const reader = log.fold(seriesFold);
  for (let attempt = 1; ; attempt++) {
    const expectedVersion = await log.streamVersion(stream);
    const number = chooseNumber(await reader.get(series), key, clock.now());
    const append: StreamAppend = {
      stream,
      expectedVersion,
      events: [reservation(number, key, clock.now())],
    };
    try {
      await log.append([append]);
      return number;
    } catch (error) {
      // another card took a number in the same moment: choose again
      if (attempt >= RESERVE_TRIES || !isConflict(error)) throw error;
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'version_conflict';
}

/** Every argument that the contract gives a role, with its label: the card points at outside text. */
export function steeringArguments(
  contract: CapabilityContract,
  input: Labelled<JsonObject>,
): readonly EffectArgument[] {
  const found: EffectArgument[] = [];
  for (const [path, role] of Object.entries(contract.roles)) {
    const value = atPath(input.value, path);
    if (value === undefined) continue;
    found.push({ path, role, value: shortened(value), label: labelWithin(input.labels, path) });
  }
  return found;
}

/**
 * Destinations that a connector took from records, where somebody else wrote them there: they steer
 * the effect like any argument. Comparing values can only lower what an effect is worth.
 */
function foundDestinations(
  to: readonly string[],
  states: Iterable<RecordState>,
): readonly EffectArgument[] {
  const wanted = new Set(to.map(normaliseAddress));
  const found: EffectArgument[] = [];
  for (const { type, id, fields, labels = {} } of states) {
    for (const [field, label] of Object.entries(labels)) {
      const value = atPath(fields, field);
      if (typeof value !== 'string' || !wanted.has(normaliseAddress(value))) continue;
      found.push({ path: `${type}/${id}.${field}`, role: 'destination', value, label });
    }
  }
  return found;
}

/** Long contents are covered through the parts; here their hash is enough. */
function shortened(value: Json): Json {
  const text = canonicalJson(value);
  return text.length <= 2_000 ? value : { sha256: sha256(text), characters: text.length };
}
