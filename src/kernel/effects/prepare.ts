import {
  canonicalJson,
  type Id,
  isJsonObject,
  type Json,
  type JsonObject,
} from '../../base/index.ts';
import {
  type CapabilityContract,
  failure,
  isOutside,
  type Label,
  type Labelled,
  toFailure,
} from '../../contract/index.ts';
import { evaluateCondition } from '../../plan/index.ts';
import type { EffectRow } from '../folds.ts';
import { labelledField } from '../labelled-field.ts';
import type { KernelPorts } from '../ports.ts';
import type { RecordReader, RecordStore } from '../record-reads.ts';
import { type CallContext, checkInput, executeAgent } from '../run/execute.ts';
import { isStepSettled } from '../run/lifecycle.ts';
import { compiledStep, fixedInputOf, namesIn, scopeOf } from '../run/run-places.ts';
import type { RunState } from '../run/run-state.ts';
import { resolveIn } from '../run/turn.ts';
import { actLabel } from '../trust/act-label.ts';
import { callRefusal, type InsideWatch } from '../trust/judge-call.ts';
import { readEffect } from './commit.ts';
import { withEdits } from './edits.ts';
import { type FinalisedEffect, finaliseEffect } from './finalise.ts';
import { isInFlight, isUndecided } from './lifecycle.ts';

/** An effect step that can be reached without committing anything, and what would happen. */
export interface Reached {
  readonly step: string;
  /** new, or prepared before and still what would happen */
  readonly finalised: FinalisedEffect;
  /** where the decision to do it came from */
  readonly act: Label;
  readonly row?: EffectRow;
}

export interface Preparation {
  readonly reached: readonly Reached[];
  /** effect steps that need an earlier receipt: announced on the card, asked later */
  readonly announced: readonly { readonly step: string; readonly title: string }[];
  readonly failed: readonly { readonly step: string; readonly error: unknown }[];
}

/**
 * Finalises every effect of a run that can be reached without committing one, in the order of the
 * plan: later steps count on the output that an earlier effect will have. Pure and read steps between
 * them are worked out provisionally; nothing of that is recorded as done.
 */
export async function prepareEffects(
  ports: KernelPorts & Pick<InsideWatch, 'isUnjudged'>,
  records: RecordStore,
  run: RunState,
  rows: readonly EffectRow[],
  contractOf: (ref: string) => CapabilityContract,
  context: (contract: CapabilityContract) => CallContext,
): Promise<Preparation> {
  const overlay = new Map<string, Labelled<Json>>();
  const reached: Reached[] = [];
  const announced: { step: string; title: string }[] = [];
  const failed: { step: string; error: unknown }[] = [];
  const rowByStep = currentRows(rows);

  for (const [prefix, scope] of run.scopes) {
    for (const index of scope.compiled.order) {
      const compiled = scope.compiled.steps[index];
      if (!compiled) continue;
      const path = prefix + compiled.id;
      const state = run.steps.get(path);
      if (state && (isStepSettled(state.status) || state.output !== undefined)) continue;
      if (!('call' in compiled.step)) continue;
      // a person was asked what to do about it: nothing is prepared before the answer
      const row = rowByStep.get(path);
      if (state?.waiting?.for === 'answer' && (!row || isUndecided(row.status))) continue;
      const contract = contractOf(compiled.step.call);
      if (compiled.step.queue === 'cheap' && !isOutside(contract.effect)) continue;
      if (!dependenciesThere(run, prefix, compiled.dependsOn, overlay)) {
        if (
          isOutside(contract.effect) &&
          waitsForReceipt(run, prefix, compiled.dependsOn, announced, reached)
        ) {
          announced.push({ step: path, title: compiled.step.title ?? contract.title });
        }
        continue;
      }
      try {
        const { when } = compiled.expressions;
        if (when && !evaluateCondition(when, namesIn(run, scope, undefined, overlay))) continue;
        const input = await inputWith(records, run, path, overlay);
        if (isOutside(contract.effect)) {
          const found = await reach(ports, records, run, path, contract, input, row);
          const done = { ...found, act: actLabel(run, path, overlay) };
          reached.push(done);
          overlay.set(path, outputOf(done));
        } else if (contract.effect === 'pure' || contract.effect === 'read') {
          const agent = ports.registry.get(compiled.step.call);
          if (agent.kind !== 'agent') continue;
          const act = actLabel(run, path, overlay);
          const on = { act, playbook: run.playbook, begins: false };
          const refusal = ports.isUnjudged(contract)
            ? undefined
            : await callRefusal({ ...ports, records }, contract, input, on);
          if (refusal) throw refusal;
          const outcome = await executeAgent({
            run: run.id,
            step: path,
            attempt: 1,
            agent: agent.agent,
            input,
            context: context(contract),
          });
          if (outcome.status === 'done') overlay.set(path, outcome.output);
        }
      } catch (error) {
        failed.push({ step: path, error: toFailure(error) });
      }
    }
  }
  return { reached, announced, failed };
}

/** The newest effect of every step that still counts. */
export function currentRows(rows: readonly EffectRow[]): ReadonlyMap<string, EffectRow> {
  const byStep = new Map<string, EffectRow>();
  for (const row of rows) {
    const known = byStep.get(row.step);
    if (!known || known.seq < row.seq) byStep.set(row.step, row);
  }
  return byStep;
}

async function reach(
  ports: KernelPorts,
  records: RecordStore,
  run: RunState,
  path: string,
  contract: CapabilityContract,
  input: Labelled<JsonObject>,
  row: EffectRow | undefined,
): Promise<Omit<Reached, 'act'>> {
  if (
    row &&
    (isInFlight(row.status) ||
      row.status === 'committed' ||
      row.status === 'rejected' ||
      row.status === 'failed')
  ) {
    const kept = await readEffect(ports, row);
    return { step: path, row, finalised: { ...kept, key: row.key, input } };
  }
  const before = row && (await readEffect(ports, row));
  const { edits, editsLabel } = before ?? {};
  const wanted = withEdits(input, edits, editsLabel);
  if (row?.status === 'finalised' && before) {
    const same = canonicalJson(before.input) === canonicalJson(wanted.value);
    if (same) return { step: path, row, finalised: { ...before, key: row.key, input: wanted } };
  }
  const connector = ports.registry.connector(contract.connector ?? '');
  if (!connector) throw failure('unknown_capability', `Nothing is connected for ${contract.name}.`);
  checkInput(contract, wanted.value);
  const finalised = await finaliseEffect(ports, records, {
    run: run.id,
    step: path,
    contract,
    connector,
    input: wanted,
    revision: before?.effect.revision ?? 1,
  });
  const edited = { ...(edits && { edits }), ...(editsLabel && { editsLabel }) };
  return { step: path, finalised: { ...finalised, ...edited } };
}

function outputOf({ finalised }: Pick<Reached, 'finalised'>): Labelled<Json> {
  return { value: finalised.output, labels: finalised.input.labels };
}

/** What a step's effect would be made from right now. */
export async function inputWith(
  records: RecordStore,
  run: RunState,
  path: string,
  overlay: ReadonlyMap<string, Labelled<Json>>,
): Promise<Labelled<JsonObject>> {
  const fixed = fixedInputOf(run, path);
  if (fixed) return { ...fixed, value: isJsonObject(fixed.value) ? fixed.value : {} };
  const template = compiledStep(run, path).templates.with;
  const { worth } = scopeOf(run, path);
  if (!template) return { value: {}, labels: { base: worth } };
  const { value, labels } = await resolveIn(
    { run, ref: referenceReader(() => records) },
    path,
    template,
    overlay,
  );
  return { value: isJsonObject(value) ? value : {}, labels };
}

/** Reads a field of a record for `{"$ref"}`; the records are asked for only where there is one. */
export function referenceReader(records: () => RecordReader) {
  return async (type: string, id: Id, path: string): Promise<Labelled<Json>> =>
    labelledField(await records().get(type, id), path);
}

function dependenciesThere(
  run: RunState,
  prefix: string,
  dependsOn: readonly string[],
  overlay: ReadonlyMap<string, Labelled<Json>>,
): boolean {
  return dependsOn.every((id) => {
    const path = prefix + id;
    const status = run.steps.get(path)?.status;
    return overlay.has(path) || (status !== undefined && isStepSettled(status));
  });
}

function waitsForReceipt(
  run: RunState,
  prefix: string,
  dependsOn: readonly string[],
  announced: readonly { readonly step: string }[],
  reached: readonly Reached[],
): boolean {
  const known = new Set([...announced.map(({ step }) => step), ...reached.map(({ step }) => step)]);
  return dependsOn.some((id) => known.has(prefix + id)) || run.waitingSteps.size > 0;
}
