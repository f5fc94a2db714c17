#!/usr/bin/env bash
# `npm run faults [-- NAME=VALUE...]`: pull, push, load, import, commit, save, image copy, rmi and the prunes, killed by SIGKILL at 200 random moments in a row. It is
# the test of that name, longer (test/e2e/faults.test.ts), which prints what it did and its seed.
#   npm run faults -- seed=7 rounds=50 only=push
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh run test
PATH=$PWD/node_modules/.bin:$PATH
[ -x dist/skiff ] || npm run --silent build
wanted=(rounds=200 "$@")
# Of a name given twice the last counts.
SKIFF_FAULTS=$(IFS='&'; echo "${wanted[*]}") exec bash scripts/e2e.sh test/e2e/faults.test.ts
