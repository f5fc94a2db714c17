// kill -9 in the middle of what changes volumes: a few times here, more by SKIFF_FAULTS="volumes=20". Whatever the moment, and whoever is hit, a
// volume is as it was or as it was to be, what was removed can be brought back, and the command, given again, does its work.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { groupOf } from './faults/process-group.ts';
import { seeded } from './storm/random.ts';
import { eventually } from './support/eventually.ts';
import { leftProcesses } from './support/left-processes.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const wanted = new URLSearchParams(process.env.SKIFF_FAULTS ?? '');
const seed = Number(wanted.get('seed') ?? Date.now() % 1_000_000);
const random = seeded(seed);
const rounds = Number(wanted.get('volumes') ?? 1);
const archive = join(box.files, 'new.tar');
const exported = join(box.files, 'exported.tar');

/** Everything that the files below a folder of the store are; '' when it is not there. */
function digest(...parts: string[]): string {
  const path = join(box.root, ...parts);
  const script = 'cd "$1" && { find . -printf "%p %y %m %U %G %s %l %T@\\n" | sort; find . -type f -exec sha1sum {} + | sort; } | sha1sum';
  const done = Bun.spawnSync(['unshare', '--map-auto', '--map-root-user', 'sh', '-c', script, 'sh', path], {
    stdin: 'ignore',
    stderr: 'ignore',
  });
  return done.exitCode === 0 ? done.stdout.toString() : '';
}
const files = (volume: string): string => digest('volumes', volume, '_data');
const removed = (): string[] => {
  const trash = join(box.root, 'trash');
  return existsSync(trash)
    ? readdirSync(trash).flatMap((removal) => readdirSync(join(trash, removal)).filter((name) => !name.startsWith('.')))
    : [];
};

let whole = '';
let changed = '';
let imported = '';

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  const fill =
    'for d in 1 2 3 4 5 6; do mkdir /d/$d; for f in 1 2 3 4 5 6 7 8 9; do head -c 40000 /dev/urandom >/d/$d/$f; chown $d:$f /d/$d/$f; done; done; ln /d/1/1 /d/2/link; ln -s 1 /d/soft; chown 5:6 /d';
  await box.ok(['run', '--rm', '--network', 'none', '-v', 'whole:/d', busybox, 'sh', '-c', fill]);
  await box.ok(['volume', 'snapshot', 'whole', 'first']);
  await box.ok(['volume', 'clone', 'whole', 'changed']);
  await box.ok(['run', '--rm', '--network', 'none', '-v', 'changed:/d', busybox, 'sh', '-c', 'rm -r /d/1 /d/2; echo later >/d/later']);
  await box.ok(['volume', 'export', '-o', archive, 'changed']);
  await box.ok(['volume', 'import', 'imported', archive]);
  [whole, changed, imported] = ['whole', 'changed', 'imported'].map(files) as [string, string, string];
  expect(new Set([whole, changed, '']).size).toBe(3);
  expect(imported).toBe(changed);
}, 120_000);

interface Verb {
  name: string;
  args: string[];
  /** Sets the scene on a volume `data` with all files of `whole`, its snapshot with it. */
  prepare?: () => Promise<unknown>;
  /** What may be seen after the kill, each as before or as after. */
  state: () => unknown;
  before: unknown;
  after: unknown;
  /** Of the command when it had done its work already. */
  isDone?: RegExp;
}

const snapshotOf = (name: string): string => digest('volumes/data/snapshots', name, '_data');
const volumes = (): string[] =>
  readdirSync(join(box.root, 'volumes'))
    .filter((name) => !['whole', 'changed', 'imported'].includes(name))
    .sort();

const VERBS: Verb[] = [
  {
    name: 'clone',
    args: ['volume', 'clone', 'data', 'copy'],
    state: () => files('copy'),
    before: '',
    after: 'whole',
    isDone: /already exists/,
  },
  {
    name: 'snapshot',
    args: ['volume', 'snapshot', 'data', 'second'],
    state: () => snapshotOf('second'),
    before: '',
    after: 'whole',
    isDone: /already/,
  },
  {
    name: 'restore',
    args: ['volume', 'restore', 'data', 'first'],
    prepare: () => box.ok(['volume', 'import', '--purge', '--replace', 'data', archive]),
    state: () => files('data'),
    before: 'changed',
    after: 'whole',
  },
  {
    name: 'import',
    args: ['volume', 'import', '--replace', 'data', archive],
    state: () => files('data'),
    before: 'whole',
    after: 'changed',
  },
  { name: 'import of a new one', args: ['volume', 'import', 'new', archive], state: () => files('new'), before: '', after: 'changed' },
  {
    name: 'rename',
    args: ['volume', 'rename', 'data', 'other'],
    state: () => [files('data'), files('other')],
    before: ['whole', ''],
    after: ['', 'whole'],
    isDone: /no such volume/,
  },
  {
    name: 'rm',
    args: ['volume', 'rm', 'data'],
    state: () => [files('data'), removed()],
    before: ['whole', []],
    after: ['', ['data']],
    isDone: /no such volume/,
  },
  {
    name: 'rm --purge',
    args: ['volume', 'rm', '--purge', 'data'],
    state: () => files('data'),
    before: 'whole',
    after: '',
    isDone: /no such volume/,
  },
  {
    name: 'undo',
    args: ['system', 'undo'],
    prepare: () => box.ok(['volume', 'rm', 'data']),
    state: () => [files('data'), removed()],
    before: ['', ['data']],
    after: ['whole', []],
    isDone: /Nothing to undo/,
  },
  {
    name: 'undo of a restore',
    args: ['system', 'undo'],
    prepare: async () => {
      await box.ok(['volume', 'import', '--purge', '--replace', 'data', archive]);
      await box.ok(['volume', 'restore', 'data', 'first']);
    },
    state: () => files('data'),
    before: 'whole',
    after: 'changed',
    isDone: /Nothing to undo/,
  },
  {
    name: 'export',
    args: ['volume', 'export', '-o', exported, 'data'],
    state: () => existsSync(exported) && Bun.spawnSync(['tar', '-tf', exported]).exitCode === 0,
    before: false,
    after: true,
  },
];

/** The names of contents as what they are. */
const meant = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(meant);
  return value === 'whole' ? whole : value === 'changed' ? changed : value;
};

async function scene({ prepare }: Verb): Promise<void> {
  const there = volumes();
  if (there.length > 0) await box.ok(['volume', 'rm', '-f', '--purge', ...there]);
  await box.ok(['system', 'prune', '-f', '--trash']);
  rmSync(exported, { force: true });
  await box.ok(['volume', 'clone', 'whole', 'data']);
  await box.ok(['volume', 'snapshot', 'data', 'first']);
  await prepare?.();
}

async function kill(args: string[], { moment, victim }: { moment: number; victim: 'all' | 'front' | 'worker' }): Promise<void> {
  const child = box.start(args, { through: ['setsid'] });
  await Bun.sleep(moment);
  if (child.exitCode === null) {
    const workers = groupOf(child.pid).filter((pid) => pid !== child.pid);
    try {
      process.kill(
        victim === 'all' ? -child.pid : victim === 'front' || workers.length === 0 ? child.pid : random.pick(workers),
        'SIGKILL',
      );
    } catch {
      // It ended by itself.
    }
  }
  await child.exited;
  // A worker whose front was killed cleans up.
  await eventually('nothing of it runs', async () => (await leftProcesses(box)).length === 0);
}

test.each(VERBS)(
  `$name, killed at any moment (seed ${seed}), has done all or nothing`,
  async (verb) => {
    await scene(verb);
    const begin = performance.now();
    await box.ok(verb.args);
    let took = performance.now() - begin;
    expect(verb.state()).toEqual(meant(verb.after));
    for (let round = 0; round < rounds; round++) {
      await scene(verb);
      expect(verb.state()).toEqual(meant(verb.before));
      const fault = { moment: random.next() * took, victim: random.pick(['all', 'all', 'front', 'worker'] as const) };
      await kill(verb.args, fault);
      const state = verb.state();
      const seen = [meant(verb.before), meant(verb.after)].map((expected) => Bun.deepEquals(state, expected));
      expect({ fault, state, seen }).toEqual({ fault, state, seen: expect.arrayContaining([true]) });
      const again = await box.skiff(verb.args);
      if (again.code !== 0) expect(again.stderr).toMatch(seen[1] && verb.isDone ? verb.isDone : /^$/);
      expect(verb.state()).toEqual(meant(verb.after));
      expect(await box.ok(['system', 'check', '--repair'])).toMatch(/ 0 problems/);
      expect(readdirSync(join(box.root, 'tmp'))).toEqual(['claims']);
      took = Math.max(took, 20);
    }
  },
  600_000,
);

test('nothing of all that has touched the other volumes', () => {
  expect(['whole', 'changed', 'imported'].map(files)).toEqual([whole, changed, imported]);
});
