import { type ComponentChildren, h } from 'preact';
import { useMemo } from 'preact/hooks';

/** What a drawing of a plan is made of; everything else in it is left out. */
const ELEMENTS: ReadonlySet<string> = new Set([
  'svg',
  'g',
  'title',
  'rect',
  'path',
  'circle',
  'text',
]);
const ATTRIBUTES: ReadonlySet<string> = new Set([
  ...['width', 'height', 'viewBox', 'x', 'y', 'cx', 'cy', 'r', 'rx', 'd', 'transform', 'opacity'],
  ...['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linecap', 'stroke-linejoin'],
  ...['font-size', 'role', 'aria-label', 'data-step', 'data-status'],
]);

/** The server's drawing, rebuilt from the shapes it may hold. Its colours follow the page. */
export function Drawing({ svg }: { readonly svg: string }) {
  const root = useMemo(() => parse(svg), [svg]);
  return root ? <div class="drawing">{rebuild(root)}</div> : null;
}

function parse(svg: string): Element | undefined {
  const plain = svg.replace(/ style="[^"]*"/g, ''); // the content policy reports them even unused
  const policy = window.trustedTypes?.createPolicy('steward-drawing', {
    createHTML: (text) => text,
  });
  // Nothing of the parsed document is used as it is: `rebuild` makes new elements from a closed list.
  const source = (policy ? policy.createHTML(plain) : plain) as string;
  const root = new DOMParser().parseFromString(source, 'image/svg+xml').documentElement;
  return root.localName === 'svg' ? root : undefined;
}

function rebuild(element: Element): ComponentChildren {
  if (!ELEMENTS.has(element.localName)) return null;
  const attributes: Record<string, string> = {};
  for (const { name, value } of element.attributes) {
    if (ATTRIBUTES.has(name) && !/url\s*\(/i.test(value)) attributes[name] = value;
  }
  const inside = [...element.childNodes].map((node) => {
    if (node instanceof Element) return rebuild(node);
    return node.nodeType === Node.TEXT_NODE ? node.textContent : null;
  });
  return h(element.localName, attributes, ...inside);
}
