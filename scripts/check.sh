#!/bin/sh
# npm run check: types, lint and format, house rules.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/prepare.sh"
ensure_dependencies
ensure_node
PATH="$(dirname "$node"):$PATH"
export PATH
cd "$root"
"$node" node_modules/typescript/bin/tsc
"$node" node_modules/@biomejs/biome/bin/biome check
exec "$node" node_modules/vitest/vitest.mjs run test/house.test.ts
