import { isJsonObject } from '../base/index.ts';
import { Failure } from '../contract/index.ts';
import type { Redactor } from './redact.ts';

/** The same failure without any secret in what it says: a provider that quotes a key is the usual way. */
export function redactFailure(redactor: Redactor, problem: Failure): Failure {
  if (!redactor.isNeeded()) return problem;
  const facts = redactor.json(problem.facts);
  return new Failure(
    problem.code,
    redactor.text(problem.message),
    isJsonObject(facts) ? facts : {}, // an object stays one: only what is in it is replaced
    redactor.text(problem.remedy),
  );
}
