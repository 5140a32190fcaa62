import { useEffect, useState } from 'preact/hooks';
import { isJsonObject } from '../../../src/base/portable.ts';
import { call } from '../api/call.ts';
import type { RunPage } from '../api/shapes.ts';
import { nowMs } from '../clock.ts';
import { lookOnly } from '../device/session.ts';
import { useKeys } from '../keys/keys.ts';
import { Action } from '../parts/action.tsx';
import { Icon } from '../parts/icon.tsx';
import { notify, tellProblem } from '../parts/notice.tsx';
import { visible } from '../words/visible.ts';

/** While an approved effect is held: how long, and how to take it back. */
export function HeldLine({
  effects,
  run,
}: {
  readonly effects: readonly { readonly heldUntil?: string | null }[];
  readonly run: string | null;
}) {
  const held = effects.flatMap(({ heldUntil }) => (heldUntil ? [Date.parse(heldUntil)] : []));
  const left = useSecondsLeft(Math.min(...held));
  const off = lookOnly.value;
  async function takeBack(): Promise<void> {
    if (run === null || off !== undefined) return;
    try {
      const path = `/api/runs/${encodeURIComponent(run)}/cancel`;
      const words = whatCame(await call<RunPage>('POST', path, { because: 'Taken back in time.' }));
      notify({ words });
    } catch (error) {
      tellProblem(error);
    }
  }
  useKeys(held.length > 0 ? { z: () => void takeBack() } : {});
  if (held.length === 0) return null;
  return (
    <div class="banner tone-accent" role="status">
      <Icon name="wait" />
      <span>
        Approved and held for a moment{left > 0 ? `: it goes out in ${left} s` : ''}. Taking it back
        stops the whole run.
      </span>
      <Action label="Take it back" hotkey="z" off={off} onAct={() => void takeBack()} />
    </div>
  );
}

/** Says no more than the answer does: what was done before the hold stays, and is named. */
function whatCame({ effects, failure }: RunPage): string {
  const stays = effects.some(({ status }) => status === 'committed');
  const because = isJsonObject(failure) ? failure.message : undefined;
  return stays && typeof because === 'string' ? visible(because) : 'Taken back. Nothing was sent.';
}

/** Counts down by the server's clock; 0 once the time has come. */
function useSecondsLeft(until: number): number {
  const [now, setNow] = useState(nowMs());
  useEffect(() => {
    if (!Number.isFinite(until) || until <= nowMs()) return undefined;
    setNow(nowMs());
    const timer = setInterval(() => setNow(nowMs()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return Number.isFinite(until) ? Math.max(0, Math.ceil((until - now) / 1_000)) : 0;
}
