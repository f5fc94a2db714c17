#!/usr/bin/env bash
# bench.sh [--json FILE] [--quick] [--only WORD] - skiff beside Debian's podman, in turn, on this machine, as an unprivileged user.
# Root keeps everything both engines write (storage, temporary files) on a journaled ext4 in a sparse file of its own: a file system
# with a history of millions of deleted files would be what is measured. A plain user gets a plain folder, and no memory of processes
# that hide it (pasta, slirp4netns).
set -euo pipefail
here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh run test
PATH=$PWD/node_modules/.bin:$PATH
[ -x dist/skiff ] || npm run --silent build

if [ "$(id -u)" != 0 ]; then
  BENCH_FOLDER=$(mktemp -d /var/tmp/skiff-bench.XXXXXX) BENCH_CALLER=$here bun scripts/bench.ts "$@"
  exit
fi

file=$(mktemp /var/tmp/skiff-bench.XXXXXX.img)
trap 'rm -f "$file"' EXIT
truncate -s 24G "$file"
mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 "$file"
# The mount lives in a mount namespace of its own, so it ends with the benchmark, however that ends.
export file here
unshare --mount bash -c '
  set -e
  BENCH_FOLDER=$(mktemp -d /var/tmp/skiff-bench.XXXXXX)
  trap "umount \"\$BENCH_FOLDER\"; rmdir \"\$BENCH_FOLDER\"" EXIT
  mount -o loop "$file" "$BENCH_FOLDER"
  export BENCH_FOLDER BENCH_CALLER=$here
  bun scripts/bench.ts "$@"
' bench "$@"
