#!/bin/sh
# Runs one of our own programs on the right Node: sh scripts/node.sh bench/index.ts --json
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/prepare.sh"
ensure_dependencies
ensure_node
ensure_web
cd "$root"
exec "$node" "$@"
