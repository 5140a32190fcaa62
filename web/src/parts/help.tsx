import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { keysOn } from '../keys/keys.ts';
import { Action } from './action.tsx';
import { PLACES } from './places.ts';

const isOpen = signal(false);

export function openHelp(): void {
  isOpen.value = true;
}

const KEYS: readonly (readonly [key: string, what: string])[] = [
  ['j / k', 'next and previous'],
  ['x', 'select, to decide several at once'],
  ['a', 'approve'],
  ['e', 'edit'],
  ['r', 'reject'],
  ['s', 'snooze'],
  ['w', 'always: write a grant'],
  ['o', 'open where it comes from'],
  ['z', 'take back while it is held'],
  ['/', 'say what should be done'],
  ['Ctrl K', 'go anywhere'],
  ['Esc', 'close'],
  ['?', 'this list'],
];

/** Every key, in a dialog that closes with Escape. */
export function Help() {
  return isOpen.value ? <HelpDialog /> : null;
}

function HelpDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClose={() => {
        isOpen.value = false;
      }}
    >
      <h2 id="help-title">Keys</h2>
      {keysOn.value ? null : <p>Single keys are off in the settings.</p>}
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
        {PLACES.map(({ key, title }) => (
          <div key={title}>
            <dt>
              <kbd>g {key}</kbd>
            </dt>
            <dd>{title}</dd>
          </div>
        ))}
      </dl>
      <Action label="Close" onAct={() => dialog.current?.close()} />
    </dialog>
  );
}
