import { createContext } from '../../../src/cli/context.ts';
import { type GlobalFlags, globalFlags, refuseDaemonFlags } from '../../../src/cli/globals.ts';
import { parseLine } from '../../../src/cli/parse.ts';

const flagsOf = (...words: string[]) => parseLine({ flags: globalFlags, stopAtFirstArgument: true }, words).flags as GlobalFlags;
const env = { HOME: '/home/a', BUN_BE_BUN: '1' };

describe('the context of a command', () => {
  it('takes the folders from the environment', () => {
    const ctx = createContext({ ...env, SKIFF_RUNROOT: '/nonexistent/run' }, flagsOf(), () => {});
    expect([ctx.paths.data, ctx.env]).toEqual(['/home/a/.local/share/skiff', { HOME: '/home/a', SKIFF_RUNROOT: '/nonexistent/run' }]);
  });

  it('hands global flags to other roles as variables, folders made absolute', () => {
    const flags = flagsOf('--config', 'conf', '--root', '/srv/skiff', '--runroot=run', '--storage-driver', 'copy', '-D');
    const ctx = createContext(env, flags, () => {});
    expect(ctx.paths.data).toBe('/srv/skiff');
    expect(ctx.env).toEqual({
      HOME: '/home/a',
      DOCKER_CONFIG: `${process.cwd()}/conf`,
      SKIFF_ROOT: '/srv/skiff',
      SKIFF_RUNROOT: `${process.cwd()}/run`,
      SKIFF_STORAGE_DRIVER: 'copy',
      SKIFF_DEBUG: '1',
    });
  });

  it('warns at log level warn and keeps quiet at error', () => {
    const said: string[] = [];
    for (const level of ['warn', 'error']) createContext(env, flagsOf('--log-level', level), (text) => said.push(text)).warn(level);
    expect(said).toEqual(['warn']);
  });

  it.each([
    ['-H', 'tcp://1.2.3.4:2375', 'Cannot use --host "tcp://1.2.3.4:2375": skiff has no daemon to connect to'],
    ['--context', 'remote', 'Cannot use --context "remote": skiff has no daemon to connect to'],
  ])('refuses %s, which only a daemon could obey', (word, value, message) => {
    expect(() => refuseDaemonFlags(flagsOf(word, value))).toThrow(message);
  });
});
