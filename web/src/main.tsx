import { render } from 'preact';
import { LostAnswer } from './api/call.ts';
import { App } from './app.tsx';
import { loadSession, session } from './device/session.ts';
import { keepFocus } from './keys/keep-focus.ts';
import { listenToKeys } from './keys/keys.ts';
import { openPalette } from './parts/palette.tsx';
import { applyTheme } from './style/theme.ts';

/** ms between tries while the server cannot be reached at the very start */
const RETRY_MS = 2_000;

applyTheme();
keepFocus();
listenToKeys(() => {
  if (session.value?.signedIn) openPalette();
});
const place = document.getElementById('app');
if (place) {
  render(<App />, place);
  // The sign-in page uses its code first and reads the session afterwards.
  if (location.pathname !== '/sign-in' || location.hash.length < 2) void start();
}

async function start(): Promise<void> {
  try {
    await loadSession();
  } catch (error) {
    if (!(error instanceof LostAnswer)) session.value = { signedIn: false };
    else setTimeout(() => void start(), RETRY_MS);
  }
}
