import type { Json } from '../../../src/base/portable.ts';
import { visible } from '../words/visible.ts';

/** Text as it is, in a box that scrolls. Outside text comes out visible. */
export function Source({ text }: { readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre class="source" tabIndex={0}>
      {visible(text)}
    </pre>
  );
}

/** characters of one value on the page; larger ones are files */
const JSON_MAX = 40_000;

export function JsonSource({ value }: { readonly value: Json }) {
  const text = JSON.stringify(value, null, 2);
  return <Source text={text.length > JSON_MAX ? `${text.slice(0, JSON_MAX)}\n...` : text} />;
}
