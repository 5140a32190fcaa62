import { useRef, useState } from 'preact/hooks';
import { visible } from '../words/visible.ts';
import { Action } from './action.tsx';
import { notify } from './notice.tsx';

/** Something that is carried elsewhere as it is, with a button that takes it along. */
export function Copied({ value, what }: { readonly value: string; readonly what: string }) {
  const code = useRef<HTMLElement>(null);
  const [isTaken, setTaken] = useState(false);
  async function take(): Promise<void> {
    try {
      await navigator.clipboard.writeText(value);
      setTaken(true);
    } catch {
      // a browser that does not let a page do it, or an address without TLS
      if (code.current) getSelection()?.selectAllChildren(code.current);
      notify({ words: 'This browser does not copy for a page. It is marked now: press Ctrl C.' });
    }
  }
  return (
    <>
      <code class="copy" ref={code}>
        {visible(value)}
      </code>
      <Action
        label={isTaken ? 'Copied' : 'Copy'}
        about={what}
        look="quiet"
        onAct={() => void take()}
      />
    </>
  );
}
