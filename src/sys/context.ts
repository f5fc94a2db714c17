// What every engine function is given instead of globals: where state lives, the environment, how to warn.
import { join } from 'node:path';

export interface Paths {
  /** `$XDG_DATA_HOME/skiff`: what survives a reboot. */
  readonly data: string;
  /** `$XDG_RUNTIME_DIR/skiff` or its private stand-in: locks, sockets, the holder. Gone after a reboot. */
  readonly run: string;
}

export interface Ctx {
  readonly paths: Paths;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Says one sentence to the user (the front: stderr; a worker: a message to its front). */
  readonly warn: (message: string) => void;
  readonly now: () => Date;
}

/** The data folder by the XDG base directory specification; `SKIFF_ROOT` overrides it whole. */
export function dataRoot(env: Ctx['env']): string {
  if (env.SKIFF_ROOT) return env.SKIFF_ROOT;
  const base = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(env.HOME ?? '/', '.local/share');
  return join(base, 'skiff');
}
