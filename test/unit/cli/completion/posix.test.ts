import type { CompletionModel } from '../../../../src/cli/completion/model.ts';
import { bashCompletion } from '../../../../src/cli/completion/posix.ts';

const model: CompletionModel = {
  commands: [
    {
      names: ['ps', 'container ls'],
      description: 'List containers',
      flags: [{ long: '--all', char: 'a', description: '' }],
      takes: undefined,
    },
    {
      names: ['stop', 'container stop'],
      description: 'Stop containers',
      flags: [{ long: '--time', char: 't', description: '' }],
      takes: 'container',
    },
    { names: ['run'], description: 'Run', flags: [], takes: 'image' },
  ],
  topics: [{ name: 'container', commands: ['ls', 'stop'] }],
  globalFlags: ['--root', '--debug'],
  valuedGlobalFlags: ['--root'],
};

/** What bash offers at the end of `line`; `skiff` itself is replaced by a function that says how it was called. */
function offered(line: string[]): string[] {
  const script = `skiff() { echo "called:$1"; }
${bashCompletion(model)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _skiff; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = Bun.spawnSync(['bash', '-c', script, 'bash', ...line]);
  expect(stderr.toString()).toBe('');
  return stdout.toString().trim().split('\n');
}

it.each([
  ['the commands and topics first', ['skiff', ''], ['container', 'help', 'ps', 'run', 'stop', '--root', '--debug']],
  ['what begins with the letters typed', ['skiff', 'p'], ['ps']],
  ['the commands of a topic', ['skiff', 'container', ''], ['ls', 'stop']],
  ['the flags of a command', ['skiff', 'ps', '--'], ['--all', '--help']],
  ['the flags of a command under its other name', ['skiff', 'container', 'ls', '--a'], ['--all']],
  ['the names of containers where a command takes them', ['skiff', 'container', 'stop', '-t', 'c'], ['called:ps']],
  ['the names of images where a command takes them', ['skiff', 'run', 'c'], ['called:images']],
  ['the same after global options with values', ['skiff', '--root', '/srv', '--debug', 'ps', '--a'], ['--all']],
])('bash completes %s', (_, line, expected) => {
  expect(offered(line)).toEqual(expected);
});
