#!/bin/sh
# npm run docs: writes docs/reference from the tables in the code.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/prepare.sh"
ensure_dependencies
ensure_node
exec "$node" "$root/scripts/write-docs.ts"
