import { OPERATIONS } from '../src/surface/index.ts';

/** docs/reference/operations.md, from the table that makes routes and commands. */
export function operationsPage(): string {
  const rows = OPERATIONS.map(({ name, title, method, path, access, cli, webOnly }) => {
    const command = cli ? `\`steward ${cli.words.join(' ')}\`` : `(${webOnly ?? 'page only'})`;
    return `| ${name} | ${title} | \`${method} ${path}\` | ${access} | ${command} |`;
  });
  return `# Operations

Everything that can be asked of Steward. \`npm run docs\` writes this page from
[src/surface/operations/table.ts](../../src/surface/operations/table.ts), which also makes the routes, the commands
and \`/api/openapi.json\`.

Who may: \`open\` anybody who reaches the server, \`look\` a signed-in browser, \`operate\` one whose device is enrolled,
\`local\` this machine's own socket. The command line may do all of them, and signs what needs a signature.

| operation | what it does | HTTP | who may | command |
|---|---|---|---|---|
${rows.join('\n')}
`;
}
