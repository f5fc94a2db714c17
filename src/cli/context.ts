// Makes the Ctx that engine functions get instead of globals. The global flags become environment variables of it (`--root` is
// SKIFF_ROOT), so that a supervisor or a worker started with `ctx.env` finds the same folders. The run folder is looked up at first use
// only: `version` and `--help` must work where it cannot be made.
import { resolve } from 'node:path';
import { childEnv } from '../sys/child-env.ts';
import { type Ctx, dataRoot } from '../sys/context.ts';
import { runtimeRoot } from '../sys/runtime-dir.ts';
import type { GlobalFlags } from './globals.ts';

export function createContext(processEnv: Ctx['env'], flags: GlobalFlags, warn: Ctx['warn']): Ctx {
  const env = childEnv(processEnv);
  if (flags.root !== undefined) env.SKIFF_ROOT = resolve(flags.root);
  if (flags.config !== undefined) {
    env.DOCKER_CONFIG = resolve(flags.config);
    // What is typed stands before what is set.
    delete env.REGISTRY_AUTH_FILE;
  }
  if (flags.runroot !== undefined) env.SKIFF_RUNROOT = resolve(flags.runroot);
  if (flags['storage-driver'] !== undefined) env.SKIFF_STORAGE_DRIVER = flags['storage-driver'];
  if (flags.debug || flags['log-level'] === 'debug') env.SKIFF_DEBUG = '1';
  let run: string | undefined;
  return {
    paths: {
      data: dataRoot(env),
      get run() {
        run ??= runtimeRoot(env, dataRoot(env));
        return run;
      },
    },
    env,
    warn: flags['log-level'] === 'error' || flags['log-level'] === 'fatal' ? () => {} : warn,
    now: () => new Date(),
  };
}
