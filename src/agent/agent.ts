import type { z } from 'zod';
import type { Id, Json } from '../base/index.ts';
import type { CapabilityContract, Labels } from '../contract/index.ts';
import type { RecordCommand, RecordState } from '../records/index.ts';

/**
 * What fulfils a capability that stays inside: code, or a bounded model turn. It holds no connector:
 * it can return data, and ask for changes of our own records.
 */
export interface Agent {
  readonly contract: CapabilityContract;
  readonly run: (input: Json, context: AgentContext) => AgentResult | Promise<AgentResult>;
}

export interface AgentResult {
  readonly output: Json;
  /** absent: worth what its input was worth */
  readonly labels?: Labels;
  /** appended together with the step's end, or not at all; only with effect class `record` */
  readonly commands?: readonly RecordCommand[];
}

export interface AgentContext {
  /** only the types and fields that the contract lists */
  readonly records: RecordReads;
  /** UTC milliseconds */
  readonly now: number;
  /** YYYY-MM-DD in the company's zone */
  readonly today: string;
  readonly newId: () => Id;
  /** fires at the contract's deadline and when the run is cancelled */
  readonly signal: AbortSignal;
  /** labels of the input, by path */
  readonly labels: Labels;
  readonly run: Id;
  readonly step: string;
}

export interface RecordReads {
  readonly find: (type: string, id: Id) => Promise<RecordState | undefined>;
  /** by an index of the records fold; archived ones are left out */
  readonly list: (type: string, where?: RecordFilter) => Promise<readonly RecordState[]>;
  readonly company: () => Promise<RecordState>;
}

export interface RecordFilter {
  /** dotted path and the value it must have */
  readonly [path: string]: Json;
}

/** Declares an agent whose input is typed by its contract. */
export function defineAgent<Input extends z.ZodType, Output extends z.ZodType>(
  contract: CapabilityContract & { readonly input: Input; readonly output: Output },
  run: (
    input: z.infer<Input>,
    context: AgentContext,
  ) => TypedResult<z.infer<Output>> | Promise<TypedResult<z.infer<Output>>>,
): Agent {
  // the runner parses the input by this very contract before it calls
  return { contract, run: run as unknown as Agent['run'] };
}

export interface TypedResult<Output> extends Omit<AgentResult, 'output'> {
  readonly output: Output;
}
