import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { JsonObject } from '../../src/base/index.ts';

/** A call of a tool with its arguments. */
const callSchema = z.object({
  function: z.string(),
  args: z.record(z.string(), z.json()).nullish(),
});

const traceSchema = callSchema.extend({
  error: z.string().nullish(),
  /** injection slots whose text this call's output shows */
  shows: z.array(z.string()).nullish(),
});

const toolSchema = z.object({
  name: z.string(),
  description: z.string().nullish(),
  parameters: z.object({ properties: z.record(z.string(), z.json()).nullish() }).nullish(),
});

const suiteSchema = z.object({
  tools: z.array(toolSchema),
  user_tasks: z.array(
    z.object({
      id: z.string(),
      prompt: z.string(),
      ground_truth: z.array(callSchema).nullish(),
      trace: z.array(traceSchema).nullish(),
    }),
  ),
  injection_tasks: z
    .array(
      z.object({
        id: z.string(),
        goal: z.string(),
        ground_truth: z.array(callSchema).nullish(),
      }),
    )
    .nullish(),
});

/** Suites of tools with what an operator asks for, in the shape of AgentDojo. */
const fileSchema = z.object({ suites: z.record(z.string(), suiteSchema) });

/** What injected text asks for, and the calls that do it; none where upstream scripts none. */
const injectedSchema = z.array(
  z.object({
    id: z.string(),
    suite: z.string(),
    goal: z.string(),
    effects: z.array(callSchema),
  }),
);

export interface Call {
  readonly function: string;
  readonly args?: JsonObject | null | undefined;
}
export type Suite = z.infer<typeof suiteSchema>;
export type Tool = Suite['tools'][number];
export type UserTask = Suite['user_tasks'][number];
export interface Injected {
  readonly id: string;
  readonly suite: string;
  readonly goal: string;
  readonly effects: readonly Call[];
}

export function readSuites(path: string): ReadonlyMap<string, Suite> {
  const { suites } = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  return new Map(Object.entries(suites));
}

export function readInjected(path: string): readonly Injected[] {
  return injectedSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** The calls of a task in their order; a task that upstream could not script has none. */
export function traceOf(task: UserTask) {
  return task.trace ?? task.ground_truth?.map((call) => ({ ...call, shows: [] })) ?? [];
}
