import type { CapabilityContract, Failure, FailureCode, RetryRule } from '../../contract/index.ts';
import type { CompiledStep } from '../../plan/index.ts';

/** Failures that repeating cannot mend, whatever a plan says. */
const NEVER: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'invalid_input',
  'invalid_plan',
  'expression_failed',
  'wrong_output',
  'denied',
  'cancelled',
  'erased',
]);

/** A clash with another writer is settled by reading again, so every capability may repeat it. */
const CONFLICT: RetryRule = { attempts: 5, firstDelayMs: 20, maxDelayMs: 500 };

/** Shares of the delay that are random, so that many failures do not come back at once. */
const JITTER = 0.3;

/** When the next try is due, in UTC ms; undefined when there is none. `random` is in [0, 1). */
export function nextTryAt(
  failure: Failure,
  attempt: number,
  step: CompiledStep,
  contract: CapabilityContract | undefined,
  startedAtMs: number,
  nowMs: number,
  random: number,
): number | undefined {
  if (NEVER.has(failure.code)) return undefined;
  const rule = ruleFor(failure.code, step, contract);
  if (!rule || attempt >= rule.attempts) return undefined;
  const base = Math.min(rule.firstDelayMs * 2 ** (attempt - 1), rule.maxDelayMs);
  const asked = Number(failure.facts.retryAfterMs ?? 0);
  const delay = Math.max(
    base * (1 - JITTER + 2 * JITTER * random),
    Number.isFinite(asked) ? asked : 0,
  );
  const dueMs = Math.round(nowMs + delay);
  const within = step.step.retry?.withinMs;
  return within !== undefined && dueMs > startedAtMs + within ? undefined : dueMs;
}

function ruleFor(
  code: FailureCode,
  { step }: CompiledStep,
  contract: CapabilityContract | undefined,
): RetryRule | undefined {
  const own = contract?.failures[code];
  const fromContract = own === 'never' ? undefined : own;
  const fallback = code === 'version_conflict' ? CONFLICT : fromContract;
  const { retry } = step;
  if (!retry) return fallback;
  const covered = retry.codes ? retry.codes.includes(code) : fallback !== undefined;
  if (!covered || own === 'never') return own === 'never' ? undefined : fallback;
  return {
    attempts: retry.attempts ?? fallback?.attempts ?? 3,
    firstDelayMs: retry.firstDelayMs ?? fallback?.firstDelayMs ?? 1_000,
    maxDelayMs: retry.maxDelayMs ?? fallback?.maxDelayMs ?? 600_000,
  };
}
