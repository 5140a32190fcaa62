import { Link } from 'wouter-preact';
import { lookOnly, session, signOut } from '../device/session.ts';
import { keysOn, switchKeys } from '../keys/keys.ts';
import { Action } from '../parts/action.tsx';
import { tellProblem } from '../parts/notice.tsx';
import { Page } from '../parts/panes.tsx';
import { setTheme, type Theme, theme } from '../style/theme.ts';
import { visible } from '../words/visible.ts';
import { DevicesSection } from './devices-section.tsx';
import { ErasuresSection } from './erasures-section.tsx';
import { GrantsSection } from './grants-section.tsx';
import { HooksSection } from './hooks-section.tsx';
import { PolicySection } from './policy-section.tsx';
import { SecretsSection } from './secrets-section.tsx';
import { TokensSection } from './tokens-section.tsx';

/** Devices, delegation, webhooks, secrets, policy, erasures, this browser, keyboard, colours, the log. */
export function Settings() {
  return (
    <Page title="Settings">
      <DevicesSection />
      <GrantsSection />
      <TokensSection />
      <HooksSection />
      <SecretsSection />
      <PolicySection />
      <ErasuresSection />
      <section class="plain-section" aria-labelledby="this-browser">
        <h2 id="this-browser">This browser</h2>
        <p>
          {lookOnly.value ??
            `You decide here as "${visible(session.value?.device?.name ?? '')}". Its key cannot leave this browser.`}
        </p>
        <div class="form-actions">
          <Action label="Sign out" onAct={() => void signOut().catch(tellProblem)} />
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
