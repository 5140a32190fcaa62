#!/bin/sh
# npm start: installs what is missing, builds the page, serves the operator's company or an example.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/prepare.sh"
ensure_dependencies
ensure_node
ensure_web
exec sh "$root/steward" start "$@"
