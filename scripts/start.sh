#!/bin/sh
# npm start: installs what is missing, builds the page, serves the operator's company or an example.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/prepare.sh"
ensure_dependencies
ensure_node
ensure_web
# a small young generation and few helpers: a server that mostly waits should stay small
exec "$node" --max-semi-space-size=1 --v8-pool-size=2 "$root/src/main.ts" start
