/** A file of the built page. */
export interface Asset {
  readonly mediaType: string;
  readonly read: () => Promise<Uint8Array>;
}

/** Everything that is served, by its path (`/assets/index-3f.js`). A request never becomes a file name. */
export type Assets = ReadonlyMap<string, Asset>;

/** Built names carry a hash of their content; the page itself is asked for anew. */
const HASHED = /^\/assets\//;

/** The file at a path, or the page for a path that it routes itself; undefined for what is neither. */
export async function serveAsset(assets: Assets, path: string): Promise<Response | undefined> {
  const asset = assets.get(path === '/' ? '/index.html' : path);
  const isRoute = !path.slice(path.lastIndexOf('/')).includes('.');
  const found = asset ?? (isRoute ? assets.get('/index.html') : undefined);
  if (!found) return undefined;
  const forever = asset !== undefined && HASHED.test(path);
  return new Response(new Uint8Array(await found.read()), {
    headers: {
      'content-type': found.mediaType,
      'cache-control': forever ? 'public, max-age=31536000, immutable' : 'no-cache',
    },
  });
}
