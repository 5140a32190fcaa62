#!/bin/sh
# npm run build: the page, into web/dist. The server runs from its sources and needs none.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/prepare.sh"
ensure_dependencies
ensure_node
build_web
