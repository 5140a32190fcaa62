import { FAILURES } from '../src/contract/index.ts';

/** docs/reference/failures.md, from the closed list of codes. */
export function failuresPage(): string {
  const rows = Object.entries(FAILURES)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { exit, http, remedy }]) => `| \`${code}\` | ${exit} | ${http} | ${remedy} |`);
  return `# Failures

Every way in which Steward says no. The same code stands in the answer of the command line (\`--json\`), in the
problem document of the HTTP API and in the log. \`npm run docs\` writes this page from
[src/contract/failure.ts](../../src/contract/failure.ts); a test compares the two.

| code | exit | HTTP | what to do when nothing better is said |
|---|---|---|---|
${rows.join('\n')}

Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 waiting for approval, 5 not authorised, 6 conflict or stale,
7 remote unavailable, 130 interrupted.
`;
}
