// The kernel's folds, one file each; this is their list.

import { arrivalsFold } from './folds/arrivals-fold.ts';
import { controlFold } from './folds/control-fold.ts';
import { destinationsFold } from './folds/destinations-fold.ts';
import { devicesFold, noncesFold } from './folds/device-folds.ts';
import { effectsFold } from './folds/effects-fold.ts';
import { erasable } from './folds/erasable.ts';
import { itemsFold } from './folds/items-fold.ts';
import { locksFold } from './folds/locks-fold.ts';
import { policyFold } from './folds/policy-fold.ts';
import { runsFold } from './folds/runs-fold.ts';
import { seriesFold } from './folds/series-fold.ts';
import { waitsFold } from './folds/waits-fold.ts';
import { deliveriesFold, hooksFold } from './hooks/hook-folds.ts';
import { schedulesFold } from './schedules/schedules-fold.ts';
import { TRUST_FOLDS } from './trust/trust-folds.ts';

export { arrivalsFold, arrivalsKey, isAwaitable } from './folds/arrivals-fold.ts';
export { type ControlRow, controlFold } from './folds/control-fold.ts';
export {
  type DestinationRow,
  destinationKey,
  destinationsFold,
  destinationsIn,
} from './folds/destinations-fold.ts';
export { type DeviceRow, devicesFold, type NonceRow, noncesFold } from './folds/device-folds.ts';
export { type EffectRow, effectsFold, heldUntilOf } from './folds/effects-fold.ts';
export { type ItemRow, itemsFold, ofRun, urgency } from './folds/items-fold.ts';
export { type LockRow, locksFold } from './folds/locks-fold.ts';
export { type PolicyRow, policyFold } from './folds/policy-fold.ts';
export { idOf } from './folds/rows.ts';
export { fingerprint, meaningOf, type RunRow, runsFold, wordsPrint } from './folds/runs-fold.ts';
export { type SeriesRow, seriesFold } from './folds/series-fold.ts';
export { awaitedKey, type WaitRow, waitsFold } from './folds/waits-fold.ts';

export const KERNEL_FOLDS = [
  destinationsFold,
  erasable(runsFold),
  erasable(effectsFold),
  erasable(itemsFold),
  controlFold,
  seriesFold,
  devicesFold,
  noncesFold,
  erasable(waitsFold),
  erasable(locksFold),
  policyFold,
  arrivalsFold,
  erasable(schedulesFold),
  erasable(hooksFold),
  erasable(deliveriesFold),
  ...TRUST_FOLDS,
] as const;
