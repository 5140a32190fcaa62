#!/bin/sh
# npm test: everything that needs no outside account. Arguments go to vitest: npm test -- test/flow
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/prepare.sh"
ensure_dependencies
ensure_node
ensure_web
PATH="$(dirname "$node"):$PATH"
export PATH
cd "$root"
[ $# -eq 0 ] || exec "$node" node_modules/vitest/vitest.mjs run "$@"
"$node" node_modules/vitest/vitest.mjs run
# once more without the memory of runs: vitest.config.ts takes the suites of the kernel
STEWARD_EVICT=always exec "$node" node_modules/vitest/vitest.mjs run
