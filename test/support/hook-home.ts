import type { Composed, ComposeOptions } from './compose-kernel.ts';
import { signDelivery } from './hook-sender.ts';

export const HOOK_SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

const waitForYou = {
  ...{ name: 'wait-for-you', version: 1, title: 'Wait', autonomy: 'ask' },
  input: { type: 'object', properties: { payload: { type: 'object' } }, required: ['payload'] },
  plan: { steps: [{ id: 'wait', wait: { for: 'P1D' } }] },
};

/** A home whose hook `shop` starts something that rests. */
export function hookHome(home: string): ComposeOptions {
  return { home, playbooks: [waitForYou], mode: 'sandbox' };
}

/** Written as the signed act writes it; how it is signed is tested elsewhere. */
export async function addHook({ log }: Composed): Promise<void> {
  const settings = { playbook: 'wait-for-you', input: null, facts: [], about: null };
  const event = {
    ...{ type: 'hook.added', data: { secret: 'hook.shop.1', settings }, by: 'operator:test' },
    label: { integrity: 'operator', placement: 'anywhere' } as const,
  };
  await log.append([{ stream: 'hook/shop', expectedVersion: 0, events: [event] }]);
}

/** What a sender does: the same message until it hears yes; and what the house makes of it. */
export async function handleDelivery({ kernel, clock }: Composed, id: string): Promise<void> {
  const { headers, body } = signDelivery(HOOK_SECRET, { a: 1 }, { id, at: clock.now() });
  await kernel.hooks.receive({
    ...{ name: 'shop', headers: new Headers(headers), address: '' },
    body: async () => Buffer.from(body),
    parse: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
  });
  for (;;) {
    const [delivery] = await kernel.hooks.deliveries({ failed: false, limit: 1 });
    if (delivery?.status !== 'due' && delivery?.run) {
      await kernel.rest(delivery.run);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
