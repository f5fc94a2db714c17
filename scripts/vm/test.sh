#!/usr/bin/env bash
# test.sh [JEST ARGS...] - the tests that need a machine of their own: systemd, cgroup limits, a reboot. Needs root; the machine is
# made once (some minutes) and kept in the cache.
#   SKIFF_TEST_RESULTS=FILE   jest's JSON report goes there too
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PATH=$PWD/node_modules/.bin:$PATH
[ -x dist/skiff ] || { echo 'vm: dist/skiff is not there; run "npm run build" first' >&2; exit 1; }
# A kernel that was fetched beside the machine serves as well as the package.
bash scripts/vm/vm-build || { bash scripts/setup.sh vm && bash scripts/vm/vm-build; }
report=()
[ -z "${SKIFF_TEST_RESULTS:-}" ] || report=(--json --outputFile="$SKIFF_TEST_RESULTS")
exec bun --bun node_modules/.bin/jest --selectProjects vm --maxWorkers=1 ${report[@]+"${report[@]}"} "$@" </dev/null
