import type { InboxRow } from '../api/shapes.ts';

/**
 * An item in two lines. What you asked for tells one question from another, so it comes first where the
 * question repeats it: the end of a line is what a list cuts off.
 */
export function tellItem({ title, runTitle }: Pick<InboxRow, 'title' | 'runTitle'>): {
  readonly title: string;
  readonly detail: string;
} {
  const asked = runTitle ?? '';
  const [question = '', rest] = asked === '' ? [] : title.split(`: "${asked}"`);
  return rest === '' ? { title: asked, detail: question } : { title, detail: asked };
}
