import { signal } from '@preact/signals';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { submitGoal } from '../pages/do-box.tsx';
import { useInbox } from '../pages/inbox.tsx';
import { tellItem } from '../words/tell-item.ts';
import { visible } from '../words/visible.ts';
import { PLACES } from './places.ts';

const isOpen = signal(false);

export function openPalette(): void {
  isOpen.value = true;
}

interface Command {
  readonly words: string;
  readonly hint: string;
  readonly act: (go: (path: string) => void) => void;
}

/** commands shown at once; typing finds the others */
const SHOWN = 9;

/** Go anywhere, open anything that waits, or say what should be done. */
export function Palette() {
  return isOpen.value ? <PaletteDialog /> : null;
}

function PaletteDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [words, setWords] = useState('');
  const [at, setAt] = useState(0);
  const [, go] = useLocation();
  const items = useInbox().data.value?.items ?? [];
  useLayoutEffect(() => dialog.current?.showModal(), []);

  const wanted = words.trim().toLowerCase();
  const known: readonly Command[] = [
    ...PLACES.map(({ title, path, key }) => ({
      words: title,
      hint: key ? `g ${key}` : '',
      act: (to: (path: string) => void) => to(path),
    })),
    { words: 'Log', hint: '', act: (to) => to('/log') },
    ...items.map((item) => ({
      words: visible(tellItem(item).title),
      hint: 'waits for you',
      act: (to: (path: string) => void) => to(`/inbox/${item.id}`),
    })),
  ];
  const found = known
    .filter((command) => command.words.toLowerCase().includes(wanted))
    .slice(0, SHOWN);
  const goal: readonly Command[] =
    wanted === ''
      ? []
      : [
          {
            words: `Do: ${words.trim()}`,
            hint: 'in your words',
            act: (to) => void submitGoal(words.trim(), to),
          },
        ];
  const commands = [...found, ...goal];
  const chosen = Math.min(at, commands.length - 1);

  function run(command: Command | undefined): void {
    if (!command) return;
    isOpen.value = false;
    command.act(go);
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Go or do"
      onClose={() => {
        isOpen.value = false;
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
    >
      <input
        role="combobox"
        aria-label="Go somewhere, or say what should be done"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={commands.length > 0 ? `palette-${chosen}` : undefined}
        placeholder="Go somewhere, or say what should be done"
        autocomplete="off"
        autofocus
        value={words}
        onInput={(event) => {
          setWords(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            const by = event.key === 'ArrowDown' ? 1 : -1;
            setAt((chosen + by + commands.length) % Math.max(1, commands.length));
          } else if (event.key === 'Enter') {
            event.preventDefault();
            run(commands[chosen]);
          }
        }}
      />
      <div role="listbox" id="palette-list" aria-label="Commands">
        {commands.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input above handles the keys of the list
          <div
            key={`${command.words}/${command.hint}`}
            id={`palette-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            onClick={() => run(command)}
          >
            <span>{command.words}</span>
            <span class="muted">{command.hint}</span>
          </div>
        ))}
      </div>
    </dialog>
  );
}
