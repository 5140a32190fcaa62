import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { call, sayProblem } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import { signAct, toJson } from '../device/decide.ts';
import { lookOnly, session, signer, signOut } from '../device/session.ts';
import { keysOn, switchKeys } from '../keys/keys.ts';
import { Action } from '../parts/action.tsx';
import { notify } from '../parts/notice.tsx';
import { Page } from '../parts/panes.tsx';
import { Loaded } from '../parts/states.tsx';
import { setTheme, type Theme, theme } from '../style/theme.ts';
import { formatDay } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import { GrantsSection } from './grants-section.tsx';
import { PolicySection } from './policy-section.tsx';
import { TokensSection } from './tokens-section.tsx';

interface DeviceRow {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly assurance: string;
  readonly enrolledAt: string;
  readonly revokedAt: string | null;
}

/** Devices, delegation, policy, this browser, keyboard, colours, the log. */
export function Settings() {
  return (
    <Page title="Settings">
      <Devices />
      <GrantsSection />
      <TokensSection />
      <PolicySection />
      <section class="plain-section" aria-labelledby="this-browser">
        <h2 id="this-browser">This browser</h2>
        <p>
          {lookOnly.value ??
            `You decide here as "${visible(session.value?.device?.name ?? '')}". Its key cannot leave this browser.`}
        </p>
        <div class="form-actions">
          <Action
            label="Sign out"
            onAct={() =>
              void signOut().catch((error: unknown) =>
                notify({ words: sayProblem(error).words, tone: 'stop' }),
              )
            }
          />
        </div>
      </section>
      <section class="plain-section" aria-labelledby="keyboard">
        <h2 id="keyboard">Keyboard</h2>
        <label class="check">
          <input
            type="checkbox"
            checked={keysOn.value}
            onChange={(event) => switchKeys(event.currentTarget.checked)}
          />
          Single keys decide and move (press ? for the list)
        </label>
      </section>
      <section class="plain-section" aria-labelledby="colours">
        <h2 id="colours">Colours</h2>
        <div class="form-actions">
          {THEMES.map(([name, words]) => (
            <Action
              key={name}
              label={words}
              pressed={theme.value === name}
              onAct={() => setTheme(name)}
            />
          ))}
        </div>
      </section>
      <section class="plain-section" aria-labelledby="everything">
        <h2 id="everything">Everything that happened</h2>
        <p>
          <Link href="/log">Open the log</Link>, follow it live, and check that nobody changed it.
        </p>
      </section>
    </Page>
  );
}

const THEMES: readonly (readonly [Theme, string])[] = [
  ['auto', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

function Devices() {
  const devices = useResource<readonly DeviceRow[]>('/api/devices', ({ type }) =>
    type.startsWith('device.'),
  );
  const [link, setLink] = useState<string>();
  const off = lookOnly.value ?? tooWeak();
  async function invite(): Promise<void> {
    const key = signer.value;
    if (!key) return;
    try {
      const signed = toJson(await signAct(key, 'device', { act: 'invite' }));
      setLink((await call<{ url: string }>('POST', '/api/devices/invite', { signed })).url);
    } catch (error) {
      const { words, remedy } = sayProblem(error);
      notify({ words: `${words} ${remedy}`, tone: 'stop' });
    }
  }
  async function revoke({ id, name }: DeviceRow): Promise<void> {
    const key = signer.value;
    if (!key) return;
    try {
      const because = 'You removed it.';
      const signed = toJson(await signAct(key, 'revoke', { device: id, because }));
      await call('POST', `/api/devices/${encodeURIComponent(id)}/revoke`, { because, signed });
      notify({ words: `${visible(name)} can no longer decide anything.` });
    } catch (error) {
      const { words, remedy } = sayProblem(error);
      notify({ words: `${words} ${remedy}`, tone: 'stop' });
    }
    await devices.refresh();
  }
  return (
    <section class="plain-section" aria-labelledby="devices">
      <h2 id="devices">Devices that decide for you</h2>
      <Loaded from={devices}>
        {(rows) => (
          <ul class="lines">
            {rows.map((row) => (
              <li key={row.id}>
                <span>
                  {visible(row.name)}{' '}
                  {row.id === session.value?.device?.id ? (
                    <span class="tag">this browser</span>
                  ) : null}
                </span>
                <span class="muted">
                  {KINDS[row.kind] ?? row.kind}, since {formatDay(row.enrolledAt)}
                  {row.revokedAt ? `, removed ${formatDay(row.revokedAt)}` : ''}
                </span>
                {row.revokedAt || row.id === session.value?.device?.id ? null : (
                  <Action
                    label="Remove"
                    look="quiet"
                    off={lookOnly.value}
                    onAct={() => void revoke(row)}
                  />
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <div class="form-actions">
        <Action label="Add a device" off={off} onAct={() => void invite()} />
      </div>
      {off === undefined ? null : <p class="muted">{off}</p>}
      {link ? (
        <p class="banner" role="status">
          <span>
            Open this link in the other browser within ten minutes. It works once.{' '}
            <code class="copy">{link}</code>
          </span>
        </p>
      ) : null}
    </section>
  );
}

/** Who may speak for you is decided by more than a plain key (DESIGN section 8). */
function tooWeak(): string | undefined {
  return session.value?.device?.assurance === 'unattended'
    ? 'Adding a device needs more than the key of this browser. Sign with the recovery key from your paper: steward devices invite --recovery'
    : undefined;
}

const KINDS: { readonly [kind: string]: string } = {
  cli: 'command line',
  browser: 'browser',
  passkey: 'passkey',
};
