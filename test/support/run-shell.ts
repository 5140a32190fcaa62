import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a script with `sh`, while this process goes on serving what it asks for. */
export async function runShell(
  script: string,
): Promise<{ readonly out: string; readonly err: string }> {
  const child = spawn('sh', ['-eu'], { timeout: 30_000 });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  child.stdin.end(script);
  await once(child, 'close');
  return { out, err };
}
