import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { failure } from '../contract/index.ts';
import { errorCode, storeFailure } from './durable-file.ts';

/**
 * The absolute path of `relative` below `root`, with every link followed; what does not exist yet may
 * be named too. Fails with `invalid_input` (facts: reason) for any way out of `root`, `not_found` when
 * `root` does not exist. Whoever can write in `root` can still swap a link in after the check.
 */
export async function resolveInside(root: string, relative: string): Promise<string> {
  const parts = partsOf(relative);
  const top = await realpath(root).catch((error: unknown) => {
    throw errorCode(error) === 'ENOENT'
      ? failure('not_found', `There is no directory ${root}.`, { path: root })
      : storeFailure(error, root);
  });
  let here = top;
  for (const [index, part] of parts.entries()) {
    const next = join(here, part);
    const kind = await kindOf(next);
    if (kind === 'absent') return join(here, ...parts.slice(index));
    here = kind === 'link' ? await followLink(next, top, relative) : next;
  }
  return here;
}

const PATH_CHARACTERS = 4_096; // PATH_MAX of Linux
const PART_BYTES = 255; // NAME_MAX of Linux

function partsOf(relative: string): readonly string[] {
  if (relative === '' || relative.length > PATH_CHARACTERS) throw outside(relative, 'malformed');
  if (/[\0-\x1f\x7f]/.test(relative)) throw outside(relative, 'control_character');
  // refused on every system: what is a name here is a path where the home may move to
  if (relative.includes('\\') || /^[a-z]:/i.test(relative)) throw outside(relative, 'backslash');
  if (isAbsolute(relative)) throw outside(relative, 'absolute');
  const parts = relative.split('/').filter((part) => part !== '.');
  for (const part of parts) {
    if (part === '..') throw outside(relative, 'traversal');
    if (part === '' || Buffer.byteLength(part) > PART_BYTES) throw outside(relative, 'malformed');
  }
  if (parts.length === 0) throw outside(relative, 'malformed');
  return parts;
}

async function kindOf(path: string): Promise<'absent' | 'link' | 'plain'> {
  try {
    return (await lstat(path)).isSymbolicLink() ? 'link' : 'plain';
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return 'absent';
    throw storeFailure(error, path);
  }
}

/** A link to nothing is refused too: writing through it would make a file wherever it points. */
async function followLink(link: string, top: string, relative: string): Promise<string> {
  const target = await realpath(link).catch(() => undefined);
  if (target === undefined) throw outside(relative, 'broken_link');
  if (target !== top && !target.startsWith(top.endsWith(sep) ? top : top + sep)) {
    throw outside(relative, 'link');
  }
  return target;
}

function outside(relative: string, reason: string) {
  return failure(
    'invalid_input',
    'This path leads out of its directory.',
    { path: relative.slice(0, PART_BYTES), reason },
    'Name a file below the directory, without "..", links or a leading slash.',
  );
}
