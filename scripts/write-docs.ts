import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { failuresPage } from './failures-page.ts';
import { operationsPage } from './operations-page.ts';

const directory = fileURLToPath(new URL('../docs/reference/', import.meta.url));
mkdirSync(directory, { recursive: true });
for (const [name, text] of [
  ['failures.md', failuresPage()],
  ['operations.md', operationsPage()],
] as const) {
  writeFileSync(directory + name, text);
  process.stderr.write(`docs/reference/${name}\n`);
}
