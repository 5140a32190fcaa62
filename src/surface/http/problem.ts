import { z } from 'zod';
import { FAILURES, Failure, failure, issueWords, toFailure } from '../../contract/index.ts';

/** Anything thrown, as it may leave the process: a Failure with its facts, never a stack. */
export function toPublicFailure(error: unknown): Failure {
  if (error instanceof z.ZodError) return fromZod(error);
  const problem = toFailure(error);
  if (problem.code !== 'internal' || error instanceof Failure) return problem;
  // A defect's own words may quote what it worked on; they go to the log of the process only.
  return failure('internal', 'Something went wrong in Steward itself. Nothing was half done.');
}

/** RFC 9457, with the same code and remedy as the command line. */
export function problemResponse(error: unknown): Response {
  const problem = toPublicFailure(error);
  const { code, message, remedy, ...facts } = problem.toData();
  const status = FAILURES[problem.code].http;
  const body = {
    type: `urn:steward:failure:${problem.code}`,
    title: problem.code.replaceAll('_', ' '),
    status,
    detail: message,
    code,
    remedy,
    ...facts,
  };
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  const { retryAfterMs } = problem.facts;
  if (typeof retryAfterMs === 'number') {
    headers.set('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
  }
  return new Response(JSON.stringify(body), { status, headers });
}

function fromZod(error: z.ZodError): Failure {
  const [issue] = error.issues;
  if (!issue) return failure('invalid_input', 'This is not understood.', {});
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : undefined;
  const path = unknown ?? issue.path.map(String).join('.');
  return failure('invalid_input', issueWords(issue), { path });
}
