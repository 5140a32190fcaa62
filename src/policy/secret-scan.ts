/** Something in a text that has the shape of a secret. Never carries the secret itself. */
export interface SecretFinding {
  /** what it looks like, in words */
  readonly kind: string;
  /** where it stands in the text, in UTF-16 units */
  readonly start: number;
  readonly end: number;
  /** its public prefix and its length: enough to recognise it, not enough to use it */
  readonly hint: string;
}

interface Shape {
  readonly kind: string;
  /** cheap test: without one of these letters in a row there is nothing to find */
  readonly marks: readonly string[];
  readonly pattern: RegExp;
}

/** Shapes that vendors document for their keys; every pattern is linear in the text. */
const SHAPES: readonly Shape[] = [
  shape('an API key (sk-)', ['sk-'], /\bsk-(?:[A-Za-z]{2,12}-)*[A-Za-z0-9_-]{20,300}/g),
  shape('a payment key', ['k_live_', 'k_test_'], /\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,200}/g),
  shape('a webhook secret', ['whsec_'], /\bwhsec_[A-Za-z0-9+/=]{24,200}/g),
  shape('a GitHub token', ['gh'], /\bgh[pousr]_[A-Za-z0-9]{36,255}/g),
  shape('a GitHub token', ['github_pat_'], /\bgithub_pat_[A-Za-z0-9_]{40,255}/g),
  shape('a GitLab token', ['glpat-'], /\bglpat-[A-Za-z0-9_-]{20,100}/g),
  shape('an AWS access key', ['AKIA', 'ASIA'], /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g),
  shape('a Slack token', ['xox'], /\bxox[abeoprs]-[A-Za-z0-9-]{10,300}/g),
  shape('a Google API key', ['AIza'], /\bAIza[A-Za-z0-9_-]{35}/g),
  shape('a SendGrid key', ['SG.'], /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}/g),
  shape('a Steward token', ['stw_'], /\bstw_[0-9a-f]{64}\b/g),
  shape('an npm token', ['npm_'], /\bnpm_[A-Za-z0-9]{36}\b/g),
  shape('an age secret key', ['AGE-SECRET-KEY-'], /\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b/g),
  shape(
    'a private key',
    ['PRIVATE KEY'],
    /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g,
  ),
  shape(
    'a signed token (JWT)',
    ['eyJ'],
    /\beyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{16,2000}/g,
  ),
  shape(
    'a password in a URL',
    ['://'],
    /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{1,100}:[^\s/@]{3,200}@/g,
  ),
];

const PEM_END = /-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;

/**
 * Well-known shapes of keys in a goal or a note, before it is appended: the log never forgets. An IBAN
 * or a card of a party is business data, not a secret of ours.
 */
export function scanForSecrets(text: string): SecretFinding[] {
  const findings = SHAPES.flatMap((known) => findShape(text, known));
  return findings.sort((a, b) => a.start - b.start);
}

/** The text with every finding replaced by `[removed: kind]`. */
export function removeSecrets(text: string): string {
  let out = '';
  let done = 0;
  for (const finding of scanForSecrets(text)) {
    if (finding.start >= done)
      out += `${text.slice(done, finding.start)}[removed: ${finding.kind}]`;
    done = Math.max(done, finding.end);
  }
  return out + text.slice(done);
}

function findShape(text: string, { kind, marks, pattern }: Shape): SecretFinding[] {
  if (!marks.some((mark) => text.includes(mark))) return [];
  return Array.from(text.matchAll(pattern), (match) => {
    const start = match.index;
    const end = kind === 'a private key' ? pemEnd(text, start) : start + match[0].length;
    return { kind, start, end, hint: `${match[0].slice(0, 4)}… (${end - start} characters)` };
  });
}

/** A private key without an end takes the rest of the text: better too much than half a key. */
function pemEnd(text: string, start: number): number {
  PEM_END.lastIndex = start;
  const found = PEM_END.exec(text);
  return found ? found.index + found[0].length : text.length;
}

function shape(kind: string, marks: readonly string[], pattern: RegExp): Shape {
  return { kind, marks, pattern };
}
