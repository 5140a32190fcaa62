import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveInside } from './path-guard.ts';

describe('a path that stays inside', () => {
  let base: string;
  let root: string;
  beforeAll(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'guard-')));
    root = join(base, 'root');
    mkdirSync(join(root, 'sub', 'deep'), { recursive: true });
    mkdirSync(join(base, 'root-sibling'));
    writeFileSync(join(base, 'secret.txt'), 'secret');
    writeFileSync(join(root, 'sub', 'file.txt'), 'file');
    symlinkSync(join(base, 'secret.txt'), join(root, 'link-out'));
    symlinkSync(base, join(root, 'dir-out'));
    symlinkSync('../../secret.txt', join(root, 'sub', 'relative-out'));
    symlinkSync(join(base, 'root-sibling'), join(root, 'sibling'));
    symlinkSync('/nowhere/at/all', join(root, 'dangling'));
    symlinkSync('loop', join(root, 'loop'));
    symlinkSync('dir-out', join(root, 'link-to-link'));
    symlinkSync(join(root, 'sub'), join(root, 'link-in'));
    symlinkSync(root, join(base, 'root-by-link'));
  });
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  test.each([
    ['sub/file.txt', 'sub/file.txt'],
    ['./sub/./file.txt', 'sub/file.txt'],
    ['link-in/file.txt', 'sub/file.txt'],
    ['new.txt', 'new.txt'],
    ['new/deeper/file.txt', 'new/deeper/file.txt'],
    ['sub/file.txt/below-a-file', 'sub/file.txt/below-a-file'],
    ['..hidden', '..hidden'],
    ['über/naïve file.txt', 'über/naïve file.txt'],
  ])('%j is %j', async (relative, expected) => {
    expect(await resolveInside(root, relative)).toBe(join(root, expected));
  });

  test.each([
    ['', 'malformed'],
    ['.', 'malformed'],
    ['sub//file.txt', 'malformed'],
    ['sub/', 'malformed'],
    ['a'.repeat(256), 'malformed'],
    ['a/'.repeat(3000), 'malformed'],
    ['/etc/passwd', 'absolute'],
    ['//server/share', 'absolute'],
    ['..', 'traversal'],
    ['../secret.txt', 'traversal'],
    ['../root-sibling/x', 'traversal'],
    ['sub/../../secret.txt', 'traversal'],
    ['sub/..', 'traversal'],
    ['new/../../secret.txt', 'traversal'],
    ['..\\secret.txt', 'backslash'],
    ['sub\\..\\..\\secret.txt', 'backslash'],
    ['C:/Windows', 'backslash'],
    ['c:secret', 'backslash'],
    ['sub/file.txt\0.png', 'control_character'],
    ['sub/\nfile', 'control_character'],
    ['link-out', 'link'],
    ['dir-out/secret.txt', 'link'],
    ['dir-out/new.txt', 'link'],
    ['link-to-link/secret.txt', 'link'],
    ['sub/relative-out', 'link'],
    ['link-in/relative-out', 'link'],
    ['sibling/x', 'link'],
    ['dangling', 'broken_link'],
    ['dangling/x', 'broken_link'],
    ['loop', 'broken_link'],
  ])('%j is refused as %s', async (relative, reason) => {
    await expect(resolveInside(root, relative)).rejects.toMatchObject({
      code: 'invalid_input',
      facts: { reason },
    });
  });

  test('a root that is itself behind a link is its real place', async () => {
    expect(await resolveInside(join(base, 'root-by-link'), 'new.txt')).toBe(join(root, 'new.txt'));
  });

  test('a root that does not exist is not found', async () => {
    await expect(resolveInside(join(base, 'none'), 'x')).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('whatever is asked, the answer is below the root or a refusal', async () => {
    const part = fc.constantFrom(
      '..',
      '.',
      '',
      'sub',
      'deep',
      'link-out',
      'dir-out',
      'link-in',
      'a',
      '\\',
      '\0',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
        const answer = await resolveInside(root, parts.join('/')).catch((error: unknown) => error);
        if (typeof answer === 'string') expect(answer.startsWith(root + sep)).toBe(true);
        else expect(answer).toMatchObject({ code: 'invalid_input' });
      }),
    );
  });
});
