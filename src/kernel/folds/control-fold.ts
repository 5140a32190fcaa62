import type { Mode } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';
import { NOTHING, one, UTC } from './rows.ts';

export type ControlRow = {
  readonly mode: Mode;
  readonly incarnation: number;
  readonly stopped: boolean;
  readonly recovery: string | null;
  readonly logKey: string | null;
  readonly example: boolean;
  readonly founded: string;
};

export const controlFold: Fold<ControlRow> = {
  name: 'control',
  version: 1,
  reads: (type) =>
    [
      'company.opened',
      'mode.changed',
      'incarnation.raised',
      'commits.stopped',
      'commits.resumed',
    ].includes(type),
  keys: () => ['control'],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    if (event.type === 'company.opened') {
      const { mode, incarnation, recovery, logKey, example } = event.data;
      return one('control', {
        mode,
        incarnation,
        stopped: false,
        recovery: recovery ?? null,
        logKey: logKey ?? null,
        example: example ?? false,
        founded: UTC(stored),
      });
    }
    const row = rows.get('control');
    if (!row) return NOTHING;
    switch (event.type) {
      case 'mode.changed':
        return one('control', { ...row, mode: event.data.mode });
      case 'incarnation.raised':
        return one('control', { ...row, incarnation: event.data.incarnation });
      case 'commits.stopped':
        return one('control', { ...row, stopped: true });
      case 'commits.resumed':
        return one('control', { ...row, stopped: false });
      default:
        return NOTHING;
    }
  },
};
