#!/bin/bash
# Compiles scripts/init/init.c for both machines and writes src/runtime/init-elf.generated.ts. Only needed after a change of init.c.
# Needs (Debian): gcc on the one machine, gcc-aarch64-linux-gnu or gcc-x86-64-linux-gnu for the other.
set -euo pipefail
cd "$(dirname "$0")/.."
source=scripts/init/init.c
target=src/runtime/init-elf.generated.ts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() { # MACHINE TRIPLET
  local cc=$2-gcc strip=$2-strip
  "$cc" -Os -std=c11 -Wall -Wextra -Werror -static -nostdlib -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables \
    -fno-builtin -fno-pie -no-pie -Wl,-n,--build-id=none,-z,noexecstack -o "$work/$1" "$source"
  "$strip" --strip-all --remove-section=.comment "$work/$1"
}
compile amd64 x86_64-linux-gnu
compile arm64 aarch64-linux-gnu

line() { printf "  %s: '%s',\n" "$1" "$(base64 --wrap=0 "$work/$1")"; }
{
  echo '// Made by scripts/generate-init-elf.sh from scripts/init/init.c; do not edit.'
  echo
  echo '/** sha256 of the source that the programs below were compiled from. */'
  printf "export const sourceSha256 = '%s';\n\n" "$(sha256sum "$source" | cut -d' ' -f1)"
  echo '/** Static ELF executables, base64. */'
  echo 'export const initElf: Readonly<Record<string, string>> = {'
  line amd64
  line arm64
  echo '};'
} > "$work/generated.ts"
mv "$work/generated.ts" "$target"
ls -l "$work" | awk 'NR > 1 { print $9 ": " $5 " bytes" }'
