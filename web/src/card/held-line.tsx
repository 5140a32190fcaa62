import { useEffect, useState } from 'preact/hooks';
import { call, sayProblem } from '../api/call.ts';
import { heldUntil } from '../api/held.ts';
import { nowMs } from '../clock.ts';
import { lookOnly } from '../device/session.ts';
import { useKeys } from '../keys/keys.ts';
import { Action } from '../parts/action.tsx';
import { Icon } from '../parts/icon.tsx';
import { notify } from '../parts/notice.tsx';
import type { CheckedEffect } from './check-card.ts';

/** While an approved effect is held: how long, and how to take it back. */
export function HeldLine({
  effects,
  run,
}: {
  readonly effects: readonly CheckedEffect[];
  readonly run: string | null;
}) {
  const held = effects.filter(({ card }) => card.status === 'held');
  const until = Math.max(0, ...held.map(({ card }) => heldUntil.value.get(card.effect.key) ?? 0));
  const left = useSecondsLeft(until);
  const off = lookOnly.value;
  async function takeBack(): Promise<void> {
    if (run === null || off !== undefined) return;
    try {
      await call('POST', `/api/runs/${encodeURIComponent(run)}/cancel`, {
        because: 'Taken back in time.',
      });
      notify({ words: 'Taken back. Nothing was sent.' });
    } catch (error) {
      notify({ words: sayProblem(error).words, tone: 'stop' });
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

function useSecondsLeft(until: number): number {
  const [now, setNow] = useState(nowMs());
  useEffect(() => {
    if (until <= nowMs()) return undefined;
    const timer = setInterval(() => setNow(nowMs()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return Math.max(0, Math.ceil((until - now) / 1_000));
}
