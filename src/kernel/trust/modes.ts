import type { Mode } from '../../contract/index.ts';
import type { Log } from '../../log/index.ts';
import { controlFold } from '../folds.ts';
import { connectorsFold } from './trust-folds.ts';

/** How far a connector may go right now. */
export interface ModeNow {
  /** `off` before there is a company, when either is off, and after a restore until it is switched on */
  readonly mode: Mode;
  readonly incarnation: number;
  readonly stopped: boolean;
}

/** The company starts as this incarnation; every restore raises it. */
const FIRST_INCARNATION = 1;

/**
 * The stricter of the company's mode and the connector's own. A switch holds for one incarnation:
 * after a restore everything is off until the operator signs that it may go on.
 */
export async function modeNow(log: Log, connector: string): Promise<ModeNow> {
  const [control, rows] = await Promise.all([
    log.fold(controlFold).get('control'),
    log.fold(connectorsFold).getMany([connector, '*']),
  ]);
  if (!control) return { mode: 'off', incarnation: 0, stopped: true };
  const { incarnation, stopped } = control;
  const current = [rows.get(connector), rows.get('*')].filter(
    (row) => row?.incarnation === incarnation,
  );
  const own = current[0]?.mode ?? (incarnation === FIRST_INCARNATION ? 'live' : 'off');
  return { mode: stricter(control.mode, own), incarnation, stopped };
}

const ORDER: readonly Mode[] = ['live', 'sandbox', 'off'];

function stricter(a: Mode, b: Mode): Mode {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}
