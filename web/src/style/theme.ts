import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';

const STORED = 'steward.theme';

export const theme = signal<Theme>(stored());

/** Chooses the colours of this browser; `auto` follows the system. */
export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem(STORED, chosen);
  applyTheme();
}

export function applyTheme(): void {
  if (theme.value === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}

function stored(): Theme {
  const found = localStorage.getItem(STORED);
  return found === 'light' || found === 'dark' ? found : 'auto';
}
