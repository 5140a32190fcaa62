import type { ComponentChildren } from 'preact';
import { keysOn } from '../keys/keys.ts';
import { visible } from '../words/visible.ts';

export interface ActionProps {
  readonly label: string;
  /** which of several like it, for those who listen */
  readonly about?: string;
  readonly onAct: () => void;
  readonly hotkey?: string;
  /** why it is off; the button stays reachable so that everybody learns why */
  readonly off?: string | undefined;
  readonly look?: 'primary' | 'plain' | 'stop' | 'quiet';
  readonly busy?: boolean;
  readonly pressed?: boolean;
  readonly children?: ComponentChildren;
}

/** A button with its key. One that is off says why, in its title and to those who listen. */
export function Action({
  label,
  about,
  onAct,
  hotkey,
  off,
  look = 'plain',
  busy,
  pressed,
  children,
}: ActionProps) {
  const name = about === undefined ? label : `${label} ${visible(about)}`;
  const blocked = off !== undefined || busy === true;
  return (
    <button
      type="button"
      class={`action ${look}`}
      aria-disabled={blocked ? 'true' : undefined}
      aria-pressed={pressed}
      aria-keyshortcuts={hotkey}
      title={off}
      aria-label={off === undefined ? undefined : `${name}. Not possible now: ${off}`}
      onClick={() => {
        if (!blocked) onAct();
      }}
    >
      {children}
      <span>{label}</span>
      {about === undefined ? null : <span class="only-heard"> {visible(about)}</span>}
      {hotkey !== undefined && keysOn.value ? (
        // drawn, not written: a name that is spoken must hold every letter that is written
        <span aria-hidden="true">
          <kbd data-key={hotkey.toUpperCase()} />
        </span>
      ) : null}
    </button>
  );
}
