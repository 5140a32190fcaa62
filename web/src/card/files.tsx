import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { Source } from '../parts/source.tsx';
import { visible } from '../words/visible.ts';
import type { ShownFile } from './check-card.ts';
import { PdfPages } from './pdf-pages.tsx';

/** characters of a text file shown at once; all of it can be saved */
const TEXT_MAX = 200_000;

/** Files as people read them: PDF as pages, pictures as pictures, text as text. */
export function Files({
  files,
  shownBefore,
}: {
  readonly files: readonly ShownFile[];
  /** hashes of files that stand further up on the same card */
  readonly shownBefore: ReadonlySet<string>;
}) {
  if (files.length === 0) return null;
  return (
    <ul class="files" aria-label="Files">
      {files.map((file) => (
        <li key={`${file.blob}/${file.name}`}>
          <FileView file={file} again={shownBefore.has(file.blob)} />
        </li>
      ))}
    </ul>
  );
}

function FileView({ file, again }: { readonly file: ShownFile; readonly again: boolean }) {
  const isPage = file.mediaType === 'application/pdf';
  const isImage = IMAGES.has(file.mediaType);
  const [open, setOpen] = useState((isPage || isImage) && !again);
  const canShow = isPage || isImage || isText(file);
  return (
    <div class="file">
      <p class="file-head">
        <Icon name="file" />
        <span class="file-name">{visible(file.name)}</span>
        <span class="muted">{formatBytes(file.bytes.byteLength)}</span>
        {again ? <span class="muted">the same file as above</span> : null}
        {canShow ? (
          <button
            type="button"
            class="action quiet"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            {open ? 'Hide' : 'Show'}
            <span class="only-heard"> {file.name}</span>
          </button>
        ) : null}
        <SaveLink file={file} />
      </p>
      {open && isPage ? <PdfPages file={file} /> : null}
      {open && isImage ? <Picture file={file} /> : null}
      {open && !isPage && !isImage ? (
        <Source
          text={new TextDecoder().decode(file.bytes).replaceAll('\r\n', '\n').slice(0, TEXT_MAX)}
        />
      ) : null}
    </div>
  );
}

function SaveLink({ file }: { readonly file: ShownFile }) {
  const url = useBlobUrl(file, 'application/octet-stream');
  return url === undefined ? null : (
    <a class="action quiet" href={url} download={file.name}>
      Save<span class="only-heard"> {file.name}</span>
    </a>
  );
}

function Picture({ file }: { readonly file: ShownFile }) {
  const url = useBlobUrl(file, file.mediaType);
  return url === undefined ? null : <img class="picture" src={url} alt={file.name} />;
}

/** The address of the hashed bytes themselves, while they are on the screen. */
function useBlobUrl(file: ShownFile, type: string): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([file.bytes], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file.blob, type]);
  return url;
}

const IMAGES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

function isText({ mediaType }: ShownFile): boolean {
  return mediaType.startsWith('text/') || /[/+](xml|json|yaml|calendar)$/.test(mediaType);
}

function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000
    ? `${Math.round(bytes / 1_000)} KB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
