/**
 * Text from outside with everything invisible, bidirectional or controlling written out (`⟦U+202E⟧`);
 * the browser's twin of `policy/visible-text.ts`. Line feeds, tabs and whole emoji stay.
 */
export function visible(text: string): string {
  if (/^[\t\n\x20-\x7e]*$/.test(text)) return text;
  return text.replace(HIDDEN_OR_EMOJI, showOne).replace(STACKED, showAll);
}

const HIDDEN_OR_EMOJI =
  /(\p{RGI_Emoji}|\r\n)|[[\p{Cc}--[\t\n]]\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800]/gv;
/** More marks on one letter than any living script stacks; they would paint over other lines. */
const STACKED = /(?<=\p{M}{4})\p{M}+/gu;

function showOne(found: string, harmless: string | undefined): string {
  return harmless ?? showAll(found);
}

function showAll(found: string): string {
  return Array.from(found, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
    return `⟦U+${hex.padStart(4, '0')}⟧`;
  }).join('');
}
