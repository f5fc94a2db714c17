#!/usr/bin/env bash
# e2e.sh [JEST ARGS...] - the tests that run dist/skiff, as an unprivileged user, against a registry of their own.
#   e2e.sh test/e2e/exec.test.ts -t 'exit code'     some of them
#   SKIFF_TEST_RESULTS=FILE                         jest's JSON report goes there too
#   SKIFF_STORM="seconds=120&workers=20&…"          how test/e2e/storm.test.ts is to be
#   SKIFF_FAULTS="seed=7&rounds=200"                how test/e2e/faults.test.ts is to be
# Root becomes the user of scripts/desktop and gives them a copy of what the tests need, because the way to this checkout may
# be closed to them; a plain user runs the tests as they are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
checkout=$PWD path=$PATH
PATH=$checkout/node_modules/.bin:$path
[ -x dist/skiff ] || { echo 'e2e: dist/skiff is not there; run "npm run build" first' >&2; exit 1; }

stage=$(mktemp -d /var/tmp/skiff-e2e.XXXXXX)
chmod 755 "$stage"
registry_input= registry_pid=
finish() {
  [ -z "$registry_pid" ] || kill "$registry_pid" 2>/dev/null || true
  [ -z "$registry_pid" ] || wait "$registry_pid" 2>/dev/null || true
  for disk in small reflink; do
    if mountpoint -q "$stage/$disk"; then umount -l "$stage/$disk"; fi
  done
  rm -rf --one-file-system "$stage"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# The registry ends with its input: even a kill -9 of this script takes it along.
mkfifo "$stage/registry.in"
bun test/e2e/support/serve-registry.ts <"$stage/registry.in" >"$stage/registry.out" &
registry_pid=$!
exec {registry_input}>"$stage/registry.in"
until [ -s "$stage/registry.out" ]; do
  kill -0 "$registry_pid" 2>/dev/null || { echo 'e2e: the test registry did not start' >&2; exit 1; }
  sleep 0.1
done
served=$(<"$stage/registry.out")

mkdir -m 1777 "$stage/out"
variables=(SKIFF_TEST_REGISTRY="$served" CI="${CI:-}" SKIFF_TEST_BINARY="$stage/tree/dist/skiff" SKIFF_STORM="${SKIFF_STORM:-}" SKIFF_FAULTS="${SKIFF_FAULTS:-}")
report=()
[ -z "${SKIFF_TEST_RESULTS:-}" ] || report=(--json --outputFile="$stage/out/results.json")
jest=(bun --bun node_modules/.bin/jest --selectProjects e2e --maxWorkers=2 --forceExit ${report[@]+"${report[@]}"} "$@")

code=0
if [ "$(id -u)" = 0 ]; then
  mkdir "$stage/tree"
  tar -c --exclude=node_modules/@biomejs --exclude=node_modules/typescript --exclude=node_modules/@typescript \
    package.json jest.config.cjs tsconfig.json dist/skiff node_modules src scripts test | tar -x -C "$stage/tree"
  chmod -R a+rX "$stage/tree"
  # A disk that is soon full. Only root can make one; without it the tests that need it say so and are left out.
  mkdir "$stage/small"
  if mount -t tmpfs -o size=24m,mode=1777 skiff-small "$stage/small"; then variables+=(SKIFF_TEST_SMALL_DISK="$stage/small"); fi
  # A disk whose files can share their contents, in a sparse file.
  mkdir "$stage/reflink"
  truncate -s 400M "$stage/reflink.img"
  if mkfs.xfs -q "$stage/reflink.img" && mount -o loop "$stage/reflink.img" "$stage/reflink"; then
    chmod 1777 "$stage/reflink"
    variables+=(SKIFF_TEST_REFLINK_DISK="$stage/reflink")
  fi
  cd "$stage/tree"
  PATH=$stage/tree/node_modules/.bin:$path   # of the checkout's own, the user could not even be refused with a clear word
  DESKTOP_ENV="${variables[*]}" bash scripts/desktop "${jest[@]}" </dev/null {registry_input}>&- || code=$?
else
  variables[2]=SKIFF_TEST_BINARY=$checkout/dist/skiff
  env "${variables[@]}" "${jest[@]}" </dev/null {registry_input}>&- || code=$?
fi
[ -z "${SKIFF_TEST_RESULTS:-}" ] || cp "$stage/out/results.json" "$SKIFF_TEST_RESULTS" || code=1
exit "$code"
