import { useResource } from '../api/resource.ts';
import { Status } from '../parts/status.tsx';
import type { StatusWords } from '../words/status.ts';
import { visible } from '../words/visible.ts';

interface Health {
  readonly checks: readonly {
    readonly name: string;
    readonly status: 'ok' | 'warn' | 'fail';
    readonly words: string;
    readonly remedy: string;
  }[];
}

/** A row of named lights; each opens to a sentence and the way out. */
export function HealthLights() {
  const { data } = useResource<Health>('/api/health', ({ type }) => HEALTH_EVENTS.test(type));
  const checks = data.value?.checks ?? [];
  if (checks.length === 0) return null;
  return (
    <section class="plain-section" aria-labelledby="health">
      <h2 id="health">Health</h2>
      <ul class="lights">
        {checks.map(({ name, status, words, remedy }) => (
          <li key={name}>
            <details open={status !== 'ok'}>
              <summary>
                <Status say={{ ...LIGHTS[status], words: name }} />
                <span class="only-heard">: {LIGHTS[status].words}</span>
              </summary>
              <p>{visible(words)}</p>
              {remedy === '' ? null : <p class="muted">{visible(remedy)}</p>}
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}

const HEALTH_EVENTS =
  /^(run\.(waiting|parked|finished)|effect\.(unknown|committed)|item\.|commits\.|mode\.)/;

const LIGHTS: { readonly [status in 'ok' | 'warn' | 'fail']: StatusWords } = {
  ok: { words: 'fine', icon: 'ok', tone: 'ok' },
  warn: { words: 'needs a look', icon: 'alert', tone: 'warn' },
  fail: { words: 'broken', icon: 'no', tone: 'stop' },
};
