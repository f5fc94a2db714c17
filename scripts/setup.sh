#!/usr/bin/env bash
# setup.sh [run] [test] - make this machine ready: Debian packages and npm dependencies, only what is missing.
# `run` is what skiff itself needs, `test` what its tests need beside that. As root on Debian it installs; anyone else is told
# what is missing and the command that installs it. Says nothing and costs a moment when all is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A package, and a file or command that shows it is there.
run_packages=(crun:crun passt:pasta fuse-overlayfs:fuse-overlayfs uidmap:newuidmap iproute2:ip nftables:nft util-linux:nsenter git:git)
test_packages=(docker-registry:docker-registry skopeo:skopeo umoci:umoci podman:podman busybox-static:/bin/busybox curl:curl zstd:zstd
  buildah:buildah debootstrap:debootstrap strace:strace e2fsprogs:mke2fs procps:ps xz-utils:xz bzip2:bzip2 openssl:openssl bind9-dnsutils:dig iperf3:iperf3 xfsprogs:mkfs.xfs openssh-client:ssh-agent git:git)
vm_packages=(user-mode-linux:linux.uml)

# Administrators' commands (debootstrap, mke2fs) are not on every plain user's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

missing_of() {
  local entry
  for entry in "$@"; do
    case ${entry#*:} in
      /*) [ -e "${entry#*:}" ] || echo "${entry%%:*}" ;;
      *) command -v "${entry#*:}" >/dev/null || echo "${entry%%:*}" ;;
    esac
  done
}

install_packages() {
  [ $# -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "setup: these packages are missing: $*" >&2
    echo "setup: install them, then run this again:  sudo apt-get install -y --no-install-recommends $*" >&2
    return 1
  fi
  echo "setup: installing $*" >&2
  local log; log=$(mktemp)
  local options=(-y -q --no-install-recommends)
  # The package lists of a fresh machine are absent or old; one broken third-party list must not stop the rest.
  DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install "$@" </dev/null >"$log" 2>&1 || {
    apt-get -q update </dev/null >>"$log" 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install "$@" </dev/null >>"$log" 2>&1
  } || { tail -n 20 "$log" >&2; rm -f "$log"; echo "setup: apt-get could not install: $*" >&2; return 1; }
  rm -f "$log"
}

wanted=()
for what in "${@:-run}"; do
  case $what in
    run) wanted+=("${run_packages[@]}") ;;
    test) wanted+=("${test_packages[@]}") ;;
    vm) wanted+=("${vm_packages[@]}") ;;
    *) echo "setup.sh: \"$what\" is not one of run, test, vm" >&2; exit 2 ;;
  esac
done
mapfile -t missing < <(missing_of "${wanted[@]}")
install_packages ${missing[@]+"${missing[@]}"}

# Whether node_modules holds what the lock file names. npm keeps its own record of the installed tree in .package-lock.json.
dependencies_are_installed() {
  [ -x node_modules/.bin/bun ] && [ -s node_modules/.package-lock.json ] && node -e '
    const [wanted, found] = ["package-lock.json", "node_modules/.package-lock.json"].map((file) => JSON.parse(require("fs").readFileSync(file)).packages);
    const differs = ([path, entry]) => path !== "" && !(found[path] ? found[path].version === entry.version : entry.optional);
    process.exit(Object.entries(wanted).some(differs) ? 1 : 0);' 2>/dev/null
}

if ! dependencies_are_installed; then
  command -v npm >/dev/null || { echo "setup: Node.js with npm is missing:  sudo apt-get install -y nodejs npm" >&2; exit 1; }
  echo "setup: installing npm dependencies" >&2
  # `npm ci` refuses the lock file where the registry in use lacks packages for other platforms, which nobody needs; `npm install`
  # takes the same versions without them.
  npm ci --no-audit --no-fund --loglevel=silent </dev/null >&2 ||
    npm install --no-save --no-audit --no-fund --loglevel=error </dev/null >&2
fi
