import { type CapabilityContract, capabilityRef, toFailure } from '../../contract/index.ts';
import { fact } from '../events.ts';
import { itemsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';

/** so long a page does not answer and no other run moves: a person notices */
const NOTICED_MS = 5_000;

/** Who held the thread, and where. */
export interface Holder {
  readonly run: string;
  readonly step: string;
  readonly contract: CapabilityContract;
}

/**
 * Tells the operator, once it is over, which capability kept the thread to itself. Agents run inside this
 * process (decision 0024): nothing in it can stop one that does not give the thread back, so at least
 * nobody has to guess. One open item per capability.
 */
export function createBlockWatch(
  ports: Pick<KernelPorts, 'log' | 'newId' | 'report'>,
): (holder: Holder, heldMs: number) => void {
  const telling = new Set<string>();

  async function tell({ run, step, contract }: Holder, heldMs: number): Promise<void> {
    const { log, newId } = ports;
    const ref = capabilityRef(contract);
    const topic = `blocked/${ref}`;
    if (telling.has(topic)) return;
    telling.add(topic);
    try {
      const query = { index: 'topic', equals: topic, descending: true, limit: 1 } as const;
      const [last] = await log.fold(itemsFold).list(query);
      if (last && last.row.status !== 'closed') return;
      const opened = fact('item.opened', {
        kind: 'finding',
        title: `${contract.title} held everything up for ${Math.round(heldMs / 1_000)} s`,
        effects: [],
        risk: 'medium',
        form: { fields: [{ name: 'seen', kind: 'boolean', label: 'I have seen it' }] },
        body: {
          ...{ topic, capability: ref, run, step, heldMs },
          recommendation: `No page answered and no other run moved while ${ref} worked in run ${run} (${step}). Give it less at once, or ask who made it to work in pieces.`,
        },
      });
      await log.append([{ stream: `item/${newId()}`, expectedVersion: 0, events: [opened] }]);
    } finally {
      telling.delete(topic);
    }
  }

  return (holder, heldMs) => {
    if (heldMs < NOTICED_MS) return;
    tell(holder, heldMs).catch((error: unknown) =>
      ports.report(toFailure(error), { run: holder.run, step: holder.step }),
    );
  };
}
