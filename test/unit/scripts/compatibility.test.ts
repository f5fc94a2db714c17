// That the page is as fresh as the flags is tested with the other generated files (generate.test.ts).
import { join } from 'node:path';
import manifest from '../../../.oclif.manifest.json';
import { compatibilityPage, surprises } from '../../../scripts/compatibility/page.ts';
import { type DockerCommandLine, dockerCommandLine } from '../../../scripts/compatibility/record-docker.ts';
import { type SkiffCommand, skiffCommands } from '../../../scripts/compatibility/skiff.ts';
import { flag } from '../../../src/cli/flag.ts';
import { parseLine } from '../../../src/cli/parse.ts';
import { refused } from '../../../src/cli/refused.ts';

const commands = () => skiffCommands(join(__dirname, '../../..'), Object.values(manifest.commands));

test('no flag of Docker’s is unknown, takes a value where Docker’s does not, or has another letter', async () => {
  expect(surprises(await commands(), dockerCommandLine())).toEqual([]);
});

test('every command of docker container is there, under each of its names', async () => {
  // `top` is the one that the page may still show as not there.
  const names = new Set([...(await commands()).flatMap((command) => command.names), 'container top', 'top']);
  const wanted = dockerCommandLine().commands.filter(({ name }) => name.startsWith('container '));
  expect(wanted.flatMap(({ name, aliases }) => [name, ...aliases]).filter((name) => !names.has(name))).toEqual([]);
});

test('every refused flag prints the words of the page, whatever its value', async () => {
  for (const { flags } of await commands()) {
    for (const [name, { refused: reason, char }] of Object.entries(flags)) {
      if (reason === undefined) continue;
      const line = () => parseLine({ flags, stopAtFirstArgument: false }, [`--${name}=1`]);
      expect(line).toThrow(`invalid argument "1" for "${char ? `-${char}, ` : ''}--${name}" flag: ${reason}`);
    }
  }
});

test('Docker’s help was read whole', () => {
  const { version, globals, commands: theirs } = dockerCommandLine();
  expect(version).toMatch(/^28\./);
  expect(Object.keys(globals)).toContain('tlsverify');
  const run = theirs.find(({ name }) => name === 'container run');
  expect(run?.aliases).toEqual(['run']);
  expect(Object.keys(run?.flags ?? {}).length).toBe(104);
  expect([run?.flags.interactive, run?.flags['memory-swap'], run?.flags.env]).toEqual([
    { char: 'i' },
    { type: 'bytes' },
    { char: 'e', type: 'list' },
  ]);
  expect(theirs.find(({ name }) => name === 'container ls')?.aliases).toEqual(['container list', 'container ps', 'ps']);
});

describe('of a small command line', () => {
  const docker: DockerCommandLine = {
    version: '28.0.0',
    globals: { debug: { char: 'D' } },
    commands: [
      {
        name: 'container run',
        aliases: ['run'],
        flags: { name: { type: 'string' }, tty: { char: 't' }, link: { type: 'list' }, gone: {}, help: {}, all: {} },
      },
      { name: 'swarm init', aliases: [], flags: {} },
      { name: 'image save', aliases: ['save'], flags: {} },
    ],
  };
  const skiff: SkiffCommand[] = [
    {
      names: ['run'],
      flags: { name: flag.boolean(), tty: flag.boolean(), link: refused('there are | no links'), own: flag.list(), all: flag.string() },
    },
    { names: ['system check'], flags: {} },
  ];

  test('what is not as Docker’s is named', () => {
    expect(surprises(skiff, docker)).toEqual([
      'docker container run --name: it takes a value',
      'docker container run --tty: its letter is -t, not any',
      'docker container run --gone: not known',
      'docker container run --all: it takes no value',
    ]);
  });

  test('the page shows all of it', () => {
    const page = compatibilityPage(skiff, docker);
    for (const line of [
      '### container run',
      'Also: `run`',
      '| `--name` | string | works |',
      '| `-t, --tty` |  | works |',
      '| `--link` | list | refused: there are \\| no links |',
      '| `--gone` |  | **not known** |',
      '| `-D, --debug` |  | works |',
      "Only skiff's: `--own`",
      '* `skiff system check`',
      '| `swarm` | there is no swarm |',
      '| `image save` | not yet |',
    ]) {
      expect(page.split('\n')).toContain(line);
    }
  });
});
