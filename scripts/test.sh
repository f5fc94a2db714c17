#!/usr/bin/env bash
# `npm test`: set-up, build, lint, types, unit tests, end-to-end tests, and the tests that need a machine of their own.
# Everything runs even when something before it failed; the last line is the sum alone: `N passed, N failed`.
#   SKIFF_NO_VM=1   leave the virtual machine out (it needs root, and minutes)
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CI=${CI:-true}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0 failed=0 skipped=0

step() { printf '\n== %s\n' "$*"; }

end() {
  [ "$skipped" = 0 ] || printf '\n%d skipped (each names its reason above)\n' "$skipped"
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
  exit
}

# A gate counts as one failure when it fails, and not at all when it passes: it is no test.
gate() {
  step "$1"
  shift
  "$@" </dev/null && return 0
  printf 'failed: %s\n' "$*"
  failed=$((failed + 1))
  return 1
}

# Adds up one report of jest: failed tests, and suites that could not even start.
count() {
  local numbers
  numbers=$(bun -e '
    const report = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests } = report;
    console.log(numPassedTests, numFailedTests + numRuntimeErrorTestSuites, numPendingTests);' "$1" 2>/dev/null) || numbers='0 1 0'
  read -r p f s <<<"$numbers"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  [ "$f" = 0 ]
}

# A run of jest that fails without a failed test to show for it is a failure all the same.
jest_step() {
  local file=$results/$1.json code=0
  step "$1"
  shift
  "$@" </dev/null || code=$?
  count "$file" || return 1
  [ "$code" = 0 ] || { printf 'failed with %d: %s\n' "$code" "$*"; failed=$((failed + 1)); }
}

gate 'set-up' bash scripts/setup.sh run test || end
PATH=$PWD/node_modules/.bin:$PATH
gate build npm run --silent build || end
gate lint npm run --silent lint
gate types npm run --silent typecheck
jest_step unit bun --bun node_modules/.bin/jest --selectProjects unit --maxWorkers=2 --json --outputFile="$results/unit.json"
SKIFF_TEST_RESULTS=$results/e2e.json jest_step e2e bash scripts/e2e.sh
if [ -n "${SKIFF_NO_VM:-}" ]; then
  printf '\nvm: left out, because SKIFF_NO_VM is set\n'
elif [ "$(id -u)" != 0 ]; then
  printf '\nvm: left out, because making the machine needs root\n'
else
  SKIFF_TEST_RESULTS=$results/vm.json jest_step vm bash scripts/vm/test.sh
fi
end
