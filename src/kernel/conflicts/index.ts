// conflicts: two writers on one record. Part of the kernel.
export {
  type ChangeResult,
  type ConflictPorts,
  type ConflictRule,
  type ConflictWay,
  changeWithConflicts,
  type Writer,
} from './change-with-conflicts.ts';
export type { Keep } from './second-change.ts';
export { type Conflict, readConflict, settleConflict } from './settle-conflict.ts';
