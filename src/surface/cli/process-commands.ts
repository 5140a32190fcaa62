import type { CliShape } from '../operations/operation.ts';

/** Commands about this process or this machine: they have no route, for they are not asked of a server. */
export interface ProcessCommand {
  readonly name: 'init' | 'up' | 'completion';
  readonly title: string;
  readonly cli: CliShape;
}

export const PROCESS_COMMANDS: readonly ProcessCommand[] = [
  {
    name: 'init',
    title: 'Create your company in an empty home',
    cli: {
      words: ['init'],
      options: [
        {
          field: 'file',
          flags: '--file <company.yaml>',
          help: 'name, owner, street, postalCode, city, country, email, currency, zone, ...',
          kind: 'text',
        },
        {
          field: 'noInput',
          flags: '--no-input',
          help: 'ask nothing; what is missing is an error',
          kind: 'flag',
        },
        {
          field: 'passphrase',
          flags: '--passphrase',
          help: "guard this machine's key with a passphrase (asked for)",
          kind: 'flag',
        },
      ],
      examples: ['steward init --file company.yaml --no-input'],
    },
  },
  {
    name: 'up',
    title: 'Serve this home: kernel, page and API',
    cli: {
      words: ['up'],
      options: [
        { field: 'port', flags: '--port <n>', help: '4747 unless said; 0 is any', kind: 'number' },
      ],
      examples: ['steward up', 'steward up --port 0'],
    },
  },
  {
    name: 'completion',
    title: 'Print the completion script for a shell',
    cli: {
      words: ['completion'],
      arguments: [{ field: 'shell', name: 'SHELL', help: 'bash, zsh or fish' }],
      examples: ['source <(steward completion bash)'],
    },
  },
];
