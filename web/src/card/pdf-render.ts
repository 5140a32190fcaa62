import { GlobalWorkerOptions, getDocument, type RenderTask } from 'pdfjs-dist';
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url';

/** One worker for all PDFs of this page; made with the first one. */
let worker: Worker | undefined;

function startWorker(): Worker {
  // The content policy takes no plain text for a script's address; this one was built with the page.
  const policy = window.trustedTypes?.createPolicy('steward-pdf-worker', {
    createScriptURL: (url) => url,
  });
  const url = policy ? policy.createScriptURL(workerUrl) : workerUrl;
  // The DOM types know no TrustedScriptURL here; browsers that have the policy demand it.
  return new Worker(url as string, { type: 'module', name: 'pdf' });
}

/** An opened PDF. Pages are numbered from 1. */
export interface OpenPdf {
  readonly pages: number;
  /** Draws a page `width` CSS pixels wide; resolves when it is complete. */
  readonly draw: (page: number, canvas: HTMLCanvasElement, width: number) => Promise<void>;
  /** The words of a page, for those who cannot see the picture. */
  readonly words: (page: number) => Promise<string>;
  readonly close: () => void;
}

/** canvas pixels of one page; sharper than any screen shows it, and within what browsers allow */
const PIXELS_MAX = 16_000_000;

/** Opens bytes that were hashed before. Nothing is fetched and no script of the file runs. */
export async function openPdf(bytes: Uint8Array): Promise<OpenPdf> {
  worker ??= startWorker();
  GlobalWorkerOptions.workerPort ??= worker;
  const task = getDocument({
    data: bytes.slice(), // the worker takes the buffer away
    disableFontFace: true, // letters are drawn as shapes: the content policy allows no inline style
    useWasm: false,
    useWorkerFetch: false,
    isEvalSupported: false,
    enableXfa: false,
  });
  const pdf = await task.promise;
  const drawings = new WeakMap<HTMLCanvasElement, RenderTask>();
  return {
    pages: pdf.numPages,
    draw: async (number, canvas, width) => {
      const page = await pdf.getPage(number);
      const natural = page.getViewport({ scale: 1 });
      const height = (width / natural.width) * natural.height;
      await stopped(drawings.get(canvas)); // one canvas takes one drawing at a time
      const sharp = Math.min(devicePixelRatio || 1, Math.sqrt(PIXELS_MAX / (width * height)));
      const viewport = page.getViewport({ scale: (width / natural.width) * sharp });
      canvas.width = Math.round(viewport.width);
      canvas.height = Math.round(viewport.height);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${Math.round(height)}px`;
      const drawing = page.render({ canvas, viewport, background: '#ffffff' });
      drawings.set(canvas, drawing);
      await drawing.promise;
    },
    words: async (number) => {
      const page = await pdf.getPage(number);
      const { items } = await page.getTextContent();
      return items
        .map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : ''))
        .join('')
        .trim();
    },
    close: () => void task.destroy(),
  };
}

async function stopped(drawing: RenderTask | undefined): Promise<void> {
  drawing?.cancel();
  await drawing?.promise.catch(() => undefined); // it ends with the word that it was cancelled
}
