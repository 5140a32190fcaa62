# Sourced by the other scripts, and by ./steward when something is missing. Needs $root.
# Makes a fresh clone ready with nothing but a POSIX shell, npm and any Node >= 20. Messages go to stderr:
# stdout belongs to the command.

oldest_node=26

# True if the Node in $1 is new enough.
new_enough() {
  major=$("$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null) || return 1
  [ "$major" -ge "$oldest_node" ] 2>/dev/null
}

# Sets $node: what npm brought earlier, else the one on the path, else brought now.
ensure_node() {
  own="$root/runtime/node_modules/node/bin/node"
  if [ -x "$own" ]; then
    node=$own
  elif found=$(command -v node) && new_enough "$found"; then
    node=$found
  else
    echo "steward: fetching Node $oldest_node (once)" >&2
    npm ci --prefix "$root/runtime" --no-audit --no-fund --loglevel=error >&2
    node=$own
    new_enough "$node" || { echo "steward: Node $oldest_node could not be fetched; install it by hand" >&2; exit 1; }
  fi
}

# Installs what the lock file names, where it is missing or older than the lock.
ensure_dependencies() {
  installed="$root/node_modules/.package-lock.json"
  if [ -f "$installed" ] && [ ! "$root/package-lock.json" -nt "$installed" ]; then return 0; fi
  echo "steward: installing dependencies" >&2
  # `npm ci` refuses a lock that lacks optional packages of other platforms, which some registries do not
  # carry. `npm install --no-save` takes the same locked versions, checks the same hashes, and does without.
  (cd "$root" && npm ci --include=dev --no-audit --no-fund --loglevel=error >"$root/.npm-ci.log" 2>&1) || {
    echo "steward: npm ci refused the lock file, installing the locked versions with npm install" >&2
    (cd "$root" && npm install --no-save --include=dev --no-audit --no-fund >&2) || {
      cat "$root/.npm-ci.log" >&2
      exit 1
    }
  }
  rm -f "$root/.npm-ci.log"
  touch "$installed"
}

# Builds the page where a source of it is newer than what was built.
ensure_web() {
  [ -f "$root/web/index.html" ] || return 0
  built="$root/web/dist/index.html"
  if [ -f "$built" ]; then
    changed=$(find "$root/web" "$root/src/base" "$root/src/contract" "$root/package-lock.json" \
      -path "$root/web/dist" -prune -o -type f -newer "$built" -print | head -n 1)
    [ -n "$changed" ] || return 0
  fi
  build_web
}

build_web() {
  echo "steward: building the page" >&2
  (cd "$root" && "$node" node_modules/vite/bin/vite.js build --config web/vite.config.ts --logLevel warn >&2)
}
