// The options before the command's name: `skiff [OPTIONS] COMMAND`. Those of Docker that only make sense with a daemon elsewhere are
// refused by name, not ignored.
import { EngineError } from '../sys/errors.ts';
import { type FlagValues, flag } from './flag.ts';
import { refused } from './refused.ts';

const NO_DAEMON = 'not supported: skiff has no daemon to connect to';

export const globalFlags = {
  config: flag.string({ description: 'Location of client config files, as DOCKER_CONFIG' }),
  debug: flag.boolean({ char: 'D', description: 'Enable debug mode' }),
  host: flag.string({ char: 'H', hidden: true }),
  context: flag.string({ char: 'c', hidden: true }),
  'log-level': flag.string({
    char: 'l',
    description: 'Set the logging level ("debug", "info", "warn", "error", "fatal")',
    options: ['debug', 'info', 'warn', 'error', 'fatal'],
    default: 'info',
  }),
  root: flag.string({ description: 'Folder that holds images and containers' }),
  restore: flag.boolean({ description: 'After a reboot, first start the containers that should run (as SKIFF_RESTORE=1 does)' }),
  runroot: flag.string({ description: 'Folder for locks and sockets' }),
  'storage-driver': flag.string({
    description: 'Use this storage driver ("overlay", "fuse-overlayfs", "copy")',
    options: ['overlay', 'fuse-overlayfs', 'copy'],
  }),
  tls: refused(NO_DAEMON, { isSwitch: true }),
  tlscacert: refused(NO_DAEMON),
  tlscert: refused(NO_DAEMON),
  tlskey: refused(NO_DAEMON),
  tlsverify: refused(NO_DAEMON, { isSwitch: true }),
  version: flag.boolean({ char: 'v', description: 'Print version information and quit' }),
};

export type GlobalFlags = FlagValues<typeof globalFlags>;

/** Throws for `--host` and `--context`. */
export function refuseDaemonFlags(flags: GlobalFlags): void {
  for (const name of ['host', 'context'] as const) {
    if (flags[name] === undefined) continue;
    throw new EngineError('ERR_NO_DAEMON', `Cannot use --${name} "${flags[name]}": skiff has no daemon to connect to`, {
      hint: `Leave out --${name}; skiff does the work itself on this machine`,
      exitCode: 125,
    });
  }
}
