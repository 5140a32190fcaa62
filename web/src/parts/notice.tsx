import { signal } from '@preact/signals';
import { Link } from 'wouter-preact';
import { sayProblem } from '../api/call.ts';
import { visible } from '../words/visible.ts';

export interface Notice {
  readonly words: string;
  readonly tone?: 'calm' | 'ok' | 'stop';
  readonly link?: { readonly to: string; readonly words: string };
}

/** ms; long enough to read two short sentences twice */
const SHOWN_MS = 8_000;

const current = signal<Notice | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says what happened, in one sentence, and is read out. Errors stay until the next notice. */
export function notify(notice: Notice): void {
  current.value = notice;
  clearTimeout(timer);
  if (notice.tone === 'stop') return;
  timer = setTimeout(() => {
    current.value = undefined;
  }, SHOWN_MS);
}

/** Says what went wrong and the way out of it, always both. */
export function tellProblem(error: unknown): void {
  const { words, remedy } = sayProblem(error);
  notify({ words: `${words} ${remedy}`.trim(), tone: 'stop' });
}

export function NoticeLine() {
  const notice = current.value;
  return (
    <div class="notice-place" role="status">
      {notice ? (
        <p class={`notice tone-${notice.tone ?? 'calm'}`}>
          {visible(notice.words)}{' '}
          {notice.link ? <Link href={notice.link.to}>{notice.link.words}</Link> : null}
          {notice.tone === 'stop' ? (
            <button type="button" class="action quiet" onClick={() => (current.value = undefined)}>
              Close
            </button>
          ) : null}
        </p>
      ) : null}
    </div>
  );
}
