// What is killed in the middle: for each command how its scene is set, what it is called with, and how one sees that it has done its work.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from '../support/image-archive.ts';
import type { Result } from '../support/sandbox.ts';
import { CHANGED, digestOfFile, type Stage } from './stage.ts';

export interface Verb {
  name: string;
  /** Sets the scene; nothing is killed meanwhile. */
  prepare: (stage: Stage, round: number) => Promise<void>;
  args: (stage: Stage, round: number) => string[];
  /** The file that it reads from standard input. */
  stdin?: (stage: Stage) => string;
  /** Other calls that are made at the same moment, and killed with it. */
  beside?: (stage: Stage) => string[][];
  /** Sentences on what a kill left half done, before anything is repeated; where there is more to look at than every verb has. */
  afterKill?: (stage: Stage, round: number) => string[];
  /** The repeated command may find nothing to do. */
  isDone?: (result: Result) => boolean;
  /** Sentences on what the repeated command did not do. Takes away what only this round made. */
  verify: (stage: Stage, round: number) => Promise<string[]>;
}

const LABEL = 'faults=yes';

const drop = async ({ box }: Stage, ...references: string[]): Promise<void> => {
  for (const reference of references) await box.skiff(['rmi', reference]);
};

const runs = async ({ box }: Stage, reference: string, path: string): Promise<string[]> => {
  const { code, stdout, stderr } = await box.skiff(['run', '--rm', '--network', 'none', reference, 'cat', `/shared/last`, path]);
  return code === 0 && stdout.startsWith('shared\n') ? [] : [`${reference} does not run (${code}): ${stdout}${stderr}`];
};

const isThere = async ({ box }: Stage, reference: string): Promise<boolean> =>
  (await box.skiff(['image', 'inspect', reference])).code === 0;

const committed = (round: number): string => `faults-committed:${round}`;
const pushed = ({ registry }: Stage, round: number): string => `${registry}/faults/pushed-${round}:1`;
const saved = ({ output }: Stage): string => join(output, 'saved.tar');
const folder = ({ output }: Stage): string => join(output, 'saved');
const layout = ({ box }: Stage): string => join(box.files, 'layout');
const imported = 'faults-imported:1';

export const VERBS: readonly Verb[] = [
  {
    name: 'pull-load-prune',
    prepare: (stage) => drop(stage, stage.two, stage.plain),
    args: ({ two }) => ['pull', '--quiet', two],
    beside: ({ plainArchive }) => [
      ['load', '--quiet', '-i', plainArchive],
      ['image', 'prune', '--force'],
    ],
    async verify(stage) {
      await stage.box.ok(['load', '--quiet', '-i', stage.plainArchive]);
      const left = [...(await runs(stage, stage.two, '/two/last')), ...(await runs(stage, stage.plain, '/plain/last'))];
      await drop(stage, stage.plain);
      return left;
    },
  },
  {
    name: 'pull',
    prepare: (stage) => drop(stage, stage.two),
    args: ({ two }) => ['pull', '--quiet', two],
    verify: (stage) => runs(stage, stage.two, '/two/last'),
  },
  {
    name: 'push',
    // Layers that are not compressed yet: the push has to make blobs of its own first.
    async prepare(stage, round) {
      await stage.box.ok(['load', '--quiet', '-i', stage.plainArchive]);
      await stage.box.ok(['tag', stage.plain, pushed(stage, round)]);
      await drop(stage, stage.plain);
    },
    args: (stage, round) => ['push', '--quiet', pushed(stage, round)],
    async verify(stage, round) {
      const served = pushed(stage, round);
      const target = `dir:${join(stage.box.files, `pushed-${round}`)}`;
      tool(['skopeo', '--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false', `docker://${served}`, target], {
        cwd: stage.box.files,
      });
      const left = await runs(stage, served, '/plain/last');
      await drop(stage, served);
      return left;
    },
  },
  {
    name: 'load',
    prepare: (stage) => drop(stage, stage.two),
    args: ({ archive }) => ['load', '--quiet', '-i', archive],
    verify: (stage) => runs(stage, stage.two, '/two/last'),
  },
  {
    name: 'commit',
    prepare: async () => {},
    args: (_, round) => ['commit', CHANGED, committed(round)],
    async verify(stage, round) {
      const left = await runs(stage, committed(round), '/changed/last');
      await drop(stage, committed(round));
      return left;
    },
  },
  {
    name: 'save',
    prepare: async () => {},
    args: (stage) => ['save', '-o', saved(stage), stage.shared],
    afterKill: whatWasSaved,
    async verify(stage) {
      return existsSync(saved(stage)) ? whatWasSaved(stage) : ['save has written nothing'];
    },
  },
  {
    name: 'load-stdin',
    prepare: (stage) => drop(stage, stage.two),
    args: () => ['load', '--quiet'],
    stdin: ({ archive }) => archive,
    verify: (stage) => runs(stage, stage.two, '/two/last'),
  },
  {
    name: 'import',
    prepare: (stage) => drop(stage, imported),
    args: ({ tree }) => ['import', tree, imported],
    async verify(stage) {
      const left = await runs(stage, imported, '/shared/last');
      await drop(stage, imported);
      return left;
    },
  },
  {
    name: 'save-folder',
    prepare: async (stage) => rmSync(folder(stage), { recursive: true, force: true }),
    args: (stage) => ['save', '--format', 'oci-dir', '-o', folder(stage), stage.shared],
    // A folder that is there is whole, and is not written to again.
    isDone: ({ code, stderr }) => code === 1 && stderr.includes('is not empty'),
    async verify(stage) {
      const left = unexpected(stage.output, ['whole.tar', 'saved.tar', 'saved']).map((name) => `save has left ${name}`);
      const found = [...left, ...whatALayoutLacks(folder(stage))];
      rmSync(folder(stage), { recursive: true, force: true });
      return found;
    },
  },
  {
    name: 'image-copy',
    prepare: async (stage) => rmSync(layout(stage), { recursive: true, force: true }),
    args: (stage) => ['image', 'copy', `docker://${stage.two}`, `oci:${layout(stage)}:two`],
    verify: async (stage) => whatALayoutLacks(layout(stage)),
  },
  {
    name: 'rmi',
    prepare: async ({ box, archive }) => void (await box.ok(['load', '--quiet', '-i', archive])),
    args: ({ two }) => ['rmi', two],
    isDone: ({ code, stderr }) => code === 1 && stderr.includes('No such image'),
    verify: async (stage) => ((await isThere(stage, stage.two)) ? ['rmi has left the image'] : []),
  },
  {
    name: 'image-prune',
    async prepare({ box, archive, two }) {
      await box.ok(['load', '--quiet', '-i', archive]);
      await box.ok(['untag', two]);
    },
    args: () => ['image', 'prune', '--force'],
    async verify({ box }) {
      const dangling = await box.ok(['images', '-q', '-f', 'dangling=true']);
      return dangling === '' ? [] : [`image prune has left ${dangling}`];
    },
  },
  {
    name: 'container-prune',
    async prepare({ box, shared }) {
      for (const file of ['a', 'b', 'c']) {
        await box.ok(['run', '--network', 'none', '--label', LABEL, shared, 'cp', '-r', '/shared', `/copy-${file}`]);
      }
    },
    args: () => ['container', 'prune', '--force', '--filter', `label=${LABEL}`],
    async verify({ box }) {
      const containers = await box.ok(['ps', '-aq', '--filter', `label=${LABEL}`]);
      return containers === '' ? [] : [`container prune has left ${containers}`];
    },
  },
];

const unexpected = (path: string, expected: string[]): string[] => readdirSync(path).filter((name) => !expected.includes(name));

/** Every file of a layout is one that its index reaches, and is what its name says. */
function whatALayoutLacks(path: string): string[] {
  const blobs = join(path, 'blobs/sha256');
  const read = (digest: string) => JSON.parse(readFileSync(join(blobs, digest.slice(7)), 'utf8'));
  const reached: string[] = [];
  for (const { digest } of JSON.parse(readFileSync(join(path, 'index.json'), 'utf8')).manifests) {
    const { config, layers } = read(digest);
    reached.push(...[digest, config.digest, ...layers.map((layer: { digest: string }) => layer.digest)].map((one) => one.slice(7)));
  }
  const names = [...unexpected(path, ['blobs', 'index.json', 'oci-layout']), ...unexpected(blobs, reached)];
  const damaged = reached.filter((name) => !existsSync(join(blobs, name)) || digestOfFile(join(blobs, name)) !== name);
  return [...names.map((name) => `${path} has ${name} too much`), ...damaged.map((name) => `${path} has no good ${name}`)];
}

function whatWasSaved(stage: Stage): string[] {
  const left = unexpected(stage.output, ['whole.tar', 'saved.tar']).map((name) => `save has left ${name}`);
  if (existsSync(saved(stage)) && digestOfFile(saved(stage)) !== stage.sharedDigest)
    left.push('save has left another archive than it writes');
  return left;
}
