import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** What a key does; keys are single characters, `g i` style pairs, or `Escape`. */
export interface KeyMap {
  readonly [key: string]: () => void;
}

const STORED = 'steward.keys';
/** ms in which the second key of a pair must follow */
const PAIR_MS = 1_500;

/** Single-key commands can be switched off (WCAG 2.1.4). Ctrl-K and Escape always work. */
export const keysOn = signal(localStorage.getItem(STORED) !== 'off');

export function switchKeys(on: boolean): void {
  keysOn.value = on;
  localStorage.setItem(STORED, on ? 'on' : 'off');
}

interface Layer {
  readonly map: { current: KeyMap };
}

const layers: Layer[] = [];
let first: { readonly key: string; readonly at: number } | undefined;

/** Listens while the component is on the screen; the one that came last is asked first. */
export function useKeys(map: KeyMap): void {
  const current = useRef(map);
  current.current = map;
  // before the next key can come: what is on the screen is what the keys do
  useLayoutEffect(() => {
    const layer: Layer = { map: current };
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  }, []);
}

/** Hands every key press to the layers; called once. */
export function listenToKeys(openPalette: () => void): void {
  addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (hasDialog()) return; // the browser's own keys close and leave it
    if (event.key === 'Escape') {
      run('Escape', event);
      return;
    }
    // A held key never decides twice.
    if (!keysOn.value || event.repeat || isTyping(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const pair = first && event.timeStamp - first.at < PAIR_MS ? `${first.key} ${key}` : undefined;
    first = undefined;
    if (pair !== undefined && run(pair, event)) return;
    if (startsPair(key)) first = { key, at: event.timeStamp };
    else run(key, event);
  });
}

function run(key: string, event: KeyboardEvent): boolean {
  for (const { map } of [...layers].reverse()) {
    const act = Object.hasOwn(map.current, key) ? map.current[key] : undefined;
    if (!act) continue;
    event.preventDefault();
    act();
    return true;
  }
  return false;
}

function startsPair(key: string): boolean {
  return layers.some(({ map }) =>
    Object.keys(map.current).some((name) => name.startsWith(`${key} `)),
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement &&
        !['checkbox', 'radio', 'button'].includes(target.type)))
  );
}

function hasDialog(): boolean {
  return document.querySelector('dialog[open]') !== null;
}
