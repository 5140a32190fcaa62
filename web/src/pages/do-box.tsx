import { useRef, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { call } from '../api/call.ts';
import type { Submitted } from '../api/shapes.ts';
import { lookOnly, session } from '../device/session.ts';
import { keysOn, useKeys } from '../keys/keys.ts';
import { notify, tellProblem } from '../parts/notice.tsx';

/** Asks for something in plain words and says where it went. Also used by the palette. */
export async function submitGoal(words: string, go: (path: string) => void): Promise<boolean> {
  try {
    const { run, status, joined, items } = await call<Submitted>('POST', '/api/do', { words });
    const [waiting] = items.filter((item) => item.status === 'open');
    if (waiting) go(`/inbox/${waiting.id}`);
    else go(`/runs/${run}`);
    if (joined) notify({ words: 'The same is under way already: this is it.' });
    else if (!waiting) notify({ words: status === 'done' ? 'Done.' : 'It is under way.' });
    return true;
  } catch (error) {
    tellProblem(error);
    return false;
  }
}

/** "What should be done?" */
export function DoBox() {
  const [words, setWords] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const [, go] = useLocation();
  const off = session.value?.signedIn ? undefined : lookOnly.value;
  useKeys({ '/': () => input.current?.focus() });
  return (
    <form
      class="do-box"
      onSubmit={(event) => {
        event.preventDefault();
        if (busy || words.trim() === '') return;
        setBusy(true);
        void submitGoal(words.trim(), go).then((accepted) => {
          setBusy(false);
          if (accepted) setWords('');
        });
      }}
    >
      <label class="only-heard" for="do-words">
        What should be done?
      </label>
      <input
        id="do-words"
        ref={input}
        value={words}
        disabled={off !== undefined}
        placeholder="What should be done?"
        autocomplete="off"
        enterkeyhint="go"
        onInput={(event) => setWords(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      {busy ? (
        <span class="muted">working</span>
      ) : keysOn.value ? (
        <span class="do-key" aria-hidden="true">
          <kbd>/</kbd>
        </span>
      ) : null}
    </form>
  );
}
