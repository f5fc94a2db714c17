#!/usr/bin/env bash
# `npm start`: from a fresh clone to a container that runs, and says what was done to run it.
# As root it installs what is missing and then becomes an unprivileged user, since that is whom skiff is for.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/setup.sh run
PATH=$PWD/node_modules/.bin:$PATH
bun scripts/build.ts >&2

if [ "$(id -u)" != 0 ]; then
  exec dist/skiff run --rm localhost/hello
fi

# The user may not be able to read this folder: they get the file itself, where everybody may execute it.
place=$(mktemp -d /var/tmp/skiff-start.XXXXXX)
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"
install -m 755 dist/skiff "$place/skiff"
user=${SUDO_USER:-skiff-test}
[ "$user" != root ] || user=skiff-test
cd "$place"
DESKTOP_USER=$user bash "$OLDPWD/scripts/desktop" "$place/skiff" run --rm localhost/hello
