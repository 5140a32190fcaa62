import { asKernelEvent } from '../events.ts';
import type { EffectRow } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';

/** events of one effect after it was prepared: tries, holds and ends, never more than a few */
const EVENTS_LOOKED_AT = 200;

/** Why an effect is not going to happen as it was prepared, in plain words; null while it is. */
export async function whyOver(
  { log }: Pick<KernelPorts, 'log'>,
  { key, finalisedVersion }: EffectRow,
): Promise<string | null> {
  const after = { after: finalisedVersion, limit: EVENTS_LOOKED_AT };
  for (const stored of (await log.readStream(`effect/${key}`, after)).toReversed()) {
    const event = asKernelEvent(stored);
    switch (event.type) {
      case 'effect.stale':
      case 'effect.withdrawn':
        return event.data.because;
      case 'effect.denied':
        return event.data.reasons.join(' ');
      case 'effect.rejected':
        return event.data.reason === '' ? 'You rejected it.' : event.data.reason;
      case 'effect.expired':
        return 'It is older than a day.';
      default:
    }
  }
  return null;
}
