import type { Id } from '../../base/index.ts';
import { settledId } from '../settled-id.ts';

/**
 * The run of one fire has its id from what it was meant for: two processes that fire the same one want
 * the same stream, and the second gets a conflict instead of a second run.
 */
export function fireRunId(company: Id, schedule: string, intended: number): Id {
  return settledId(`steward/fire/v1\0${company}\0${schedule}\0${intended}`, intended);
}
