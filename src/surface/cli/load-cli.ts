/** The command line, read in when a command is given: a server that starts carries nothing of it. */
export function loadCli(): Promise<typeof import('./run-cli.ts')> {
  return import('./run-cli.ts');
}
