/**
 * Control characters that XML 1.0 forbids and paper cannot show (all but tab and line ends), and
 * those that are invisible or turn the reading direction: they could make a paper say one thing and
 * mean another.
 */
const UNPRINTABLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff]/g;

export interface Printable {
  readonly text: string;
  /** how many characters were left out */
  readonly removed: number;
}

/** Text that is safe on paper and in XML. Half pairs of a broken encoding become U+FFFD. */
export function toPrintable(raw: string): Printable {
  const text = raw.toWellFormed().replace(/\r\n?/g, '\n').replace(UNPRINTABLE, keepReplacement);
  const lineEnds = raw.length - raw.replace(/\r\n/g, '\n').length;
  return { text, removed: raw.length - lineEnds - text.length };
}

/** The same, without the count. */
export function printable(raw: string): string {
  return toPrintable(raw).text;
}

function keepReplacement(character: string): string {
  return character === '\ufffd' ? character : '';
}
