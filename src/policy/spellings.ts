/** A secret by its handle's name. The value never leaves this module's callers. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** One way in which a secret can be written down. */
export interface Spelling {
  readonly name: string;
  readonly text: string;
  /** letters on either side that may hold some of the secret's bits: base64 cuts across bytes */
  readonly edges: number;
}

/** Shorter values would turn ordinary text into holes; the secret store refuses them. */
export const MIN_SECRET_LENGTH = 4;

/**
 * Every way in which a secret is looked for: as it is, inside JSON text, in hexadecimal, in base64
 * (both alphabets, any alignment), and each of these, or its percent-encoding, written once more in
 * JSON, hexadecimal or base64. Percent-encoding on the outside, and one
 * layer more of any of the four, are undone by whoever looks (views.ts). So three layers are found.
 */
export function spellingsOf({ name, value }: Secret): Spelling[] {
  const raw = { text: value, edges: 0 };
  const once = encodings(raw);
  const twice = [...once, ...percentForms(value).map((text) => ({ text, edges: 0 }))].flatMap(
    encodings,
  );
  const found = new Map<string, number>();
  for (const { text, edges } of [raw, ...once, ...twice]) {
    for (const form of [text, decodedForm(text)]) {
      if (form.length >= MIN_SECRET_LENGTH) found.set(form, Math.max(edges, found.get(form) ?? 0));
    }
  }
  return [...found].map(([text, edges]) => ({ name, text, edges }));
}

type Written = Pick<Spelling, 'text' | 'edges'>;

/** One more layer around what is written already. */
function encodings({ text, edges }: Written): readonly Written[] {
  const bytes = Buffer.from(text, 'utf8');
  const hex = bytes.toString('hex');
  const shifted = edges === 0 ? 1 : Math.ceil((edges * 4) / 3) + 1;
  return [
    { text: JSON.stringify(text).slice(1, -1), edges },
    { text: hex, edges: edges * 2 },
    { text: hex.toUpperCase(), edges: edges * 2 },
    ...[0, 1, 2].flatMap((shift) => {
      const core = base64Core(bytes, shift);
      const url = core.replaceAll('+', '-').replaceAll('/', '_');
      return [core, url].map((each) => ({ text: each, edges: shifted }));
    }),
  ];
}

/** The letters of a base64 text that depend on the bytes alone, when `shift` bytes stand before them. */
function base64Core(bytes: Buffer, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const bits = (shift + bytes.length) * 8;
  return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(bits / 6));
}

/** The usual percent-encodings: of a part, of a form's field, and of every byte. */
function percentForms(value: string): readonly string[] {
  const every = Buffer.from(value, 'utf8').toString('hex').replace(/../g, '%$&');
  return [
    encodeURIComponent(value.toWellFormed()),
    new URLSearchParams({ v: value }).toString().slice('v='.length),
    every,
    every.toUpperCase(),
  ];
}

/** How a text looks once percent-encoding was undone: a letter for each byte, a blank for a plus. */
function decodedForm(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1').replaceAll('+', ' ');
}
