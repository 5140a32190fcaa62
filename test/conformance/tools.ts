import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall } from '../support/apt-install.ts';

const IN_CI = Boolean(process.env.CI);

/** Node leaves it undefined on Windows. */
const isRoot = process.getuid?.() === 0;

/**
 * Undefined when the program can be run, else why a test is skipped. In CI, as root on Debian, it is
 * installed; there a program that is still missing fails the run.
 */
export function missingTool(program: string, debianPackage = program): string | undefined {
  const find = () => (spawnSync(program, ['--version']).error ? undefined : program);
  if (find()) return undefined;
  if (IN_CI && isRoot && aptInstall(debianPackage, find)) return undefined;
  const reason = `needs ${program} (apt install ${debianPackage})`;
  if (IN_CI) throw new Error(reason);
  return reason;
}

const NOBODY = 65_534;

/** Runs `work` as somebody whom the permissions of files bind: root is bound by none. */
export function asNobody(work: () => void): void {
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

export interface SmallDisk {
  readonly path: string;
  readonly remount: (options: string) => void;
  readonly unmount: () => void;
}

/** A real file system of a few megabytes; undefined where this user may not mount one. */
export function mountSmallDisk(megabytes: number): SmallDisk | undefined {
  if (!isRoot || process.platform !== 'linux') return undefined;
  const path = mkdtempSync(join(tmpdir(), 'steward-disk-'));
  const mount = (...args: string[]) => spawnSync('mount', [...args, path]).status === 0;
  if (!mount('-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs')) {
    rmSync(path, { recursive: true });
    if (IN_CI) throw new Error('this machine lets nobody mount a tmpfs');
    return undefined;
  }
  return {
    path,
    remount: (options) => {
      if (!mount('-o', `remount,${options}`)) throw new Error(`remount ${options} failed`);
    },
    unmount: () => {
      spawnSync('umount', ['-l', path]);
      rmSync(path, { recursive: true });
    },
  };
}
