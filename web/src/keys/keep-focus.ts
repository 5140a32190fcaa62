/** Where the focus was: enough to find the place again after its element is gone. */
interface Trace {
  readonly element: HTMLElement;
  /** what the element says; the button that comes back in its place says the same */
  readonly words: string;
  /** what it stood in, nearest first */
  readonly around: readonly Element[];
}

/** ms; what takes the place of something may still be on its way, and takes the focus itself */
const PATIENCE_MS = 250;

const TAKES_FOCUS = 'a[href], button, input, select, textarea, summary, [tabindex]';

/** where the person was last; undefined after a press beside everything */
let last: Trace | undefined;
/** by form: where the person was when it opened */
const openers = new WeakMap<Element, Trace>();
let timer: ReturnType<typeof setTimeout> | undefined;

/**
 * Nobody who works by keyboard starts from the top because something was removed: the focus goes back
 * to what opened it, else to the heading of what it stood in. Called once.
 */
export function keepFocus(): void {
  let isOurs = false;
  addEventListener('focusin', ({ target }) => {
    if (!isOurs) last = traceOf(target);
  });
  // some browsers do not focus a button that is pressed by mouse
  addEventListener(
    'pointerdown',
    ({ target }) => {
      const pressed = target instanceof Element ? target.closest(TAKES_FOCUS) : null;
      last = traceOf(pressed);
    },
    { capture: true },
  );
  const put = (place: HTMLElement | undefined, options: FocusOptions = {}): void => {
    isOurs = true; // it stands in for where the person was, and is forgotten with it
    place?.focus(options);
    isOurs = false;
  };
  new MutationObserver(() => {
    if (!isLost(last)) return;
    const back = wayBack(last);
    if (back) return put(back);
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (isLost(last)) put(wayBack(last) ?? headingBy(last), { preventScroll: true });
    }, PATIENCE_MS);
  }).observe(document.body, { childList: true, subtree: true });
}

/** A form is on the screen: what opened it gets the focus back when it goes. Answers what to do then. */
export function rememberOpener(form: HTMLElement): () => void {
  if (last && !form.contains(last.element)) openers.set(form, last);
  return () => {
    if (isNowhere(document.activeElement)) last = traceOf(form);
  };
}

function traceOf(element: EventTarget | null): Trace | undefined {
  if (!(element instanceof HTMLElement) || isNowhere(element)) return undefined;
  const around: Element[] = [];
  for (let up = element.parentElement; up; up = up.parentElement) around.push(up);
  return { element, words: wordsOf(element), around };
}

function wordsOf({ textContent }: Element): string {
  return textContent?.trim() ?? '';
}

function isLost(trace: Trace | undefined): trace is Trace {
  return isNowhere(document.activeElement) && trace?.element.isConnected === false;
}

/** A press beside everything puts the focus on the whole content, or on nothing. */
function isNowhere(element: Element | null): boolean {
  return element === null || element.matches('body, main');
}

/** The element itself, the one that took its place, or what opened the form that it stood in. */
function wayBack(trace: Trace): HTMLElement | undefined {
  const { element, words, around } = trace;
  if (element.isConnected) return element;
  for (const form of [element, ...around]) {
    const opener = form.isConnected ? undefined : openers.get(form);
    if (opener) return wayBack(opener);
  }
  if (words === '' || !element.matches('button, a')) return undefined;
  const place = around.find((one) => one.isConnected);
  return [...(place?.querySelectorAll<HTMLElement>('button, a') ?? [])].find(
    (one) => wordsOf(one) === words,
  );
}

/** A row that left its list leaves the card that it opened; everything else what it is part of. */
function headingBy(trace: Trace): HTMLElement | undefined {
  const card =
    trace.element.dataset.row === undefined ? null : document.getElementById('card-title');
  const heading =
    card ??
    trace.around
      .filter((one) => one.isConnected)
      .map((one) => one.querySelector<HTMLElement>('h1, h2, h3'))
      .find((one) => one !== null);
  if (heading && !heading.hasAttribute('tabindex')) heading.tabIndex = -1;
  return heading;
}
