#!/usr/bin/env bash
# `npm run storm [-- NAME=VALUE...]`: twenty workers doing anything to thirty containers for two minutes, while a killer ends supervisors,
# runtimes and their helpers by SIGKILL. It is the test of that name, longer (test/e2e/storm.test.ts), which prints what it did and its seed.
#   npm run storm -- seed=7 seconds=60 workers=10 containers=15
#   npm run storm:networks [-- NAME=VALUE...]     thirty containers joining and leaving five networks for a minute (network-storm.test.ts)
#   npm run storm:builds [-- NAME=VALUE...]       a build with stages side by side and cache mounts, killed at 100 random moments (build-survival.test.ts)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh run test
PATH=$PWD/node_modules/.bin:$PATH
[ -x dist/skiff ] || npm run --silent build
file=storm.test.ts usual=(seconds=120 workers=20 containers=30)
if [ "${1:-}" = networks ]; then
  shift
  file=network-storm.test.ts usual=(seconds=60 workers=12 containers=30 networks=5)
fi
if [ "${1:-}" = builds ]; then
  shift
  file=build-survival.test.ts usual=(builds=100)
fi
wanted=("${usual[@]}" "$@")
# Of a name given twice the last counts.
SKIFF_STORM=$(IFS='&'; echo "${wanted[*]}") exec bash scripts/e2e.sh "test/e2e/$file"
