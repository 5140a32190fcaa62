import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { Loading, Trouble } from '../parts/states.tsx';
import { visible } from '../words/visible.ts';
import type { ShownFile } from './check-card.ts';
import type { OpenPdf } from './pdf-render.ts';

/** pages drawn at once; the others follow a click, so that a thick file cannot block the card */
const FIRST_PAGES = 6;

type Opened = OpenPdf | { readonly problem: unknown } | undefined;

/** The pages of a PDF as pictures, from the bytes that were hashed. */
export function PdfPages({ file }: { readonly file: ShownFile }) {
  const [opened, setOpened] = useState<Opened>();
  const [all, setAll] = useState(false);
  useEffect(() => {
    let gone = false;
    let pdf: OpenPdf | undefined;
    import('./pdf-render.ts')
      .then(({ openPdf }) => openPdf(file.bytes))
      .then((found) => {
        pdf = found;
        if (gone) found.close();
        else setOpened(found);
      })
      .catch((problem: unknown) => setOpened({ problem }));
    return () => {
      gone = true;
      pdf?.close();
    };
  }, [file.blob]);

  if (!opened) return <Loading lines={6} />;
  if ('problem' in opened)
    return <Trouble error={new Error(`${file.name} cannot be shown as pages.`)} />;
  const shown = all ? opened.pages : Math.min(opened.pages, FIRST_PAGES);
  return (
    <div class="pdf">
      {Array.from({ length: shown }, (_, index) => (
        <PdfPage key={`${file.blob}/${index}`} pdf={opened} page={index + 1} name={file.name} />
      ))}
      {shown < opened.pages ? (
        <button type="button" class="action plain" onClick={() => setAll(true)}>
          Show all {opened.pages} pages
        </button>
      ) : null}
    </div>
  );
}

function PdfPage({
  pdf,
  page,
  name,
}: {
  readonly pdf: OpenPdf;
  readonly page: number;
  readonly name: string;
}) {
  const figure = useRef<HTMLElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [zoomed, setZoomed] = useState(false);
  const [room, setRoom] = useState(0);
  const [words, setWords] = useState('');
  useEffect(() => {
    const place = figure.current;
    if (!place) return undefined;
    const watcher = new ResizeObserver(() => setRoom(place.clientWidth - FRAME_PX));
    watcher.observe(place);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    const width = zoomed ? ZOOMED_PX : Math.min(room, FULL_PX);
    if (canvas.current && width > 0) pdf.draw(page, canvas.current, width).catch(() => undefined);
  }, [pdf, page, zoomed, room]);
  useEffect(() => {
    pdf.words(page).then(setWords, () => undefined);
  }, [pdf, page]);
  const title = `${name}, page ${page} of ${pdf.pages}`;
  return (
    <figure ref={figure} class={zoomed ? 'pdf-page is-zoomed' : 'pdf-page'}>
      <div class="pdf-frame" tabIndex={zoomed ? 0 : undefined}>
        <canvas ref={canvas} role="img" aria-label={title} onClick={() => setZoomed(!zoomed)} />
      </div>
      <figcaption>
        <span>
          Page {page} of {pdf.pages}
        </span>
        <button
          type="button"
          class="action quiet"
          aria-pressed={zoomed}
          onClick={() => setZoomed(!zoomed)}
        >
          <Icon name="zoom" />
          <span>{zoomed ? 'Smaller' : 'Larger'}</span>
        </button>
      </figcaption>
      {words !== '' ? <div class="only-heard">{visible(words)}</div> : null}
    </figure>
  );
}

/** CSS pixels: an A4 page at reading size, and the size at which the smallest print is easy to read */
const FULL_PX = 640;
/** the hairlines at both sides of a page */
const FRAME_PX = 2;
const ZOOMED_PX = 1_040;
