import { closeSync, fstatSync, openSync, truncateSync, writeSync } from 'node:fs';

const PAGE_BYTES = 4_096;

/** Overwrites the page at `part` (0 to 1) of a file with noise, as a failing disk does. */
export function overwritePage(file: string, part: number): void {
  const handle = openSync(file, 'r+');
  const pages = Math.floor(fstatSync(handle).size / PAGE_BYTES);
  const noise = Buffer.alloc(PAGE_BYTES, 0xa5);
  writeSync(handle, noise, 0, PAGE_BYTES, Math.floor(pages * part) * PAGE_BYTES);
  closeSync(handle);
}

/** Cuts a file off at `part` (0 to 1) of its length. */
export function cutOff(file: string, part: number): void {
  const handle = openSync(file, 'r');
  const { size } = fstatSync(handle);
  closeSync(handle);
  truncateSync(file, Math.floor(size * part));
}
