import { type Id, sha256 } from '../../base/index.ts';

/**
 * The run of one fire has its id from what it was meant for: two processes that fire the same one want
 * the same stream, and the second gets a conflict instead of a second run. Shaped as a UUID of version
 * 7 whose time is the intended one.
 */
export function fireRunId(company: Id, schedule: string, intended: number): Id {
  const digest = sha256(`steward/fire/v1\0${company}\0${schedule}\0${intended}`);
  const time = Math.max(0, intended).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digest.slice(0, 3)}-8${digest.slice(3, 6)}-${digest.slice(6, 18)}`;
}
