// The programs that skiff calls and does not carry. A missing one is told as one sentence with the package to install, before anything is
// made that would have to be taken back.
import type { Ctx } from './context.ts';
import { EngineError } from './errors.ts';

/** Program → Debian package; the names are the same or guessable elsewhere. */
const PACKAGES: Readonly<Record<string, string>> = {
  cp: 'coreutils',
  crun: 'crun',
  'fuse-overlayfs': 'fuse-overlayfs',
  ip: 'iproute2',
  newgidmap: 'uidmap',
  newuidmap: 'uidmap',
  nsenter: 'util-linux',
  pasta: 'passt',
  rm: 'coreutils',
  sh: 'dash',
  unshare: 'util-linux',
};

/** All of them. */
export const PROGRAMS: readonly string[] = Object.keys(PACKAGES);

/** Absolute path of `program`, or undefined. */
export function findProgram(env: Ctx['env'], program: string): string | undefined {
  return Bun.which(program, { PATH: env.PATH ?? '' }) ?? undefined;
}

/** Absolute path of `program`. Throws ERR_NO_PROGRAM (125); `purpose` ends the sentence: "…, which copies layers". */
export function requireProgram(env: Ctx['env'], program: string, purpose: string): string {
  const path = findProgram(env, program);
  if (path) return path;
  throw new EngineError('ERR_NO_PROGRAM', `Cannot find the program "${program}" in PATH, ${purpose}`, {
    hint: `Install it: ${installCommand(program)}`,
    exitCode: 125,
  });
}

/** Programs that only some archives need: `info` does not ask for them. */
const RARE_PACKAGES: Readonly<Record<string, string>> = { bzip2: 'bzip2', git: 'git', podman: 'podman', xz: 'xz-utils' };

/** What to paste to get `program`. */
export function installCommand(program: string): string {
  return `sudo apt-get install ${PACKAGES[program] ?? RARE_PACKAGES[program] ?? program} (or the package of your distribution that has ${program})`;
}
