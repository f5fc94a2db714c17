// Whole trees on the disk, with whiteouts and opaque folders as overlay makes them; what a real overlay makes of them is tested end to end.
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ContainerTree } from '../../../src/storage/container-tree.ts';
import { packChanges } from '../../../src/storage/layer-tar.ts';
import { createTarReader } from '../../../src/storage/tar-reader.ts';
import { createTarWriter, type TarWriter } from '../../../src/storage/tar-writer.ts';
import { treeChanges } from '../../../src/storage/tree-changes.ts';
import { packWhole } from '../../../src/storage/tree-export.ts';
import { makeNodeAt, setXattrFd } from '../../../src/sys/at.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-tree-'));
  for (const name of ['own', 'top', 'base']) mkdirSync(join(root, name));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const OLD = new Date('2020-01-01T00:00:00Z');

/** Makes files below `where` (`own/etc/x`); a path that ends with a slash is a folder. All of one age. */
function make(...paths: string[]): void {
  for (const path of paths) {
    const full = join(root, path);
    mkdirSync(path.endsWith('/') ? full : dirname(full), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(full, path.split('/').slice(1).join('/'));
    utimesSync(full, OLD, OLD);
  }
}

function whiteout(path: string): void {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  const fd = openSync(join(root, dirname(path)), 'r');
  makeNodeAt(fd, path.slice(path.lastIndexOf('/') + 1), 0o020000, 0);
  closeSync(fd);
}

function opaque(path: string): void {
  const fd = openSync(join(root, path), 'r');
  setXattrFd(fd, 'user.overlay.opaque', Buffer.from('y'));
  closeSync(fd);
}

function withTree<T>(use: (tree: ContainerTree) => T, { isWhole = false, isFuse = false } = {}): T {
  const open = (name: string, isLive: boolean) => ({ fd: openSync(join(root, name), 'r'), path: '', isLive, isFuse: isFuse && isLive });
  const [own, top, base] = [open('own', true), open('top', false), open('base', false)];
  const close = (): void => {
    for (const { fd } of [own, top, base]) closeSync(fd);
  };
  const tree = { own, isWhole, layers: [top, base], diffIds: [], close };
  return use(tree);
}

function diff(options: { isWhole?: boolean; isFuse?: boolean } = {}): string[] {
  return withTree((tree) => [...treeChanges(tree, { forLayer: false })].map(({ kind, path }) => `${kind} ${path}`), options);
}

async function entries(
  pack: (tar: TarWriter, tree: ContainerTree) => Promise<unknown>,
  options: { isWhole?: boolean; isFuse?: boolean } = {},
): Promise<string[]> {
  const found: string[] = [];
  const reader = createTarReader({
    entry: ({ type, name, linkName }) => found.push([type, name, linkName].filter(Boolean).join(' ')),
    content: () => undefined,
    entryEnd: () => undefined,
  });
  const tar = createTarWriter((chunk) => reader.write(chunk));
  await withTree((tree) => pack(tar, tree), options);
  tar.end();
  return found;
}

const quiet = { onPause: async () => undefined, onSkip: () => undefined };
const layer = (options: { isWhole?: boolean; isFuse?: boolean } = {}) => entries((tar, tree) => packChanges(tar, tree, quiet), options);
const whole = (options: { isWhole?: boolean } = {}) => entries((tar, tree) => packWhole(tar, tree, quiet), options);

describe('compared with its layers', () => {
  test('an empty folder of its own is no change', async () => {
    make('base/etc/passwd');
    expect(diff()).toEqual([]);
    expect(await layer()).toEqual([]);
    expect(await whole()).toEqual(['5 etc/', '0 etc/passwd']);
  });

  test('what is new, changed and deleted is told by the tree, folders before what they hold', async () => {
    make('base/a/gone', 'base/a/kept', 'base/a-b', 'top/z/deep/old', 'own/a/kept', 'own/a/new', 'own/n/m', 'own/z/deep/young');
    writeFileSync(join(root, 'own/a/kept'), 'other');
    whiteout('own/a/gone');
    whiteout('own/z/deep/old');
    expect(diff()).toEqual([
      'changed a',
      'deleted a/gone',
      'changed a/kept',
      'added a/new',
      'added n',
      'added n/m',
      'changed z',
      'changed z/deep',
      'deleted z/deep/old',
      'added z/deep/young',
    ]);
    expect(await layer()).toEqual([
      '5 a/',
      '0 a/.wh.gone',
      '0 a/kept',
      '0 a/new',
      '5 n/',
      '0 n/m',
      '5 z/',
      '5 z/deep/',
      '0 z/deep/.wh.old',
      '0 z/deep/young',
    ]);
    expect(await whole()).toEqual(['5 a/', '0 a/kept', '0 a/new', '0 a-b', '5 n/', '0 n/m', '5 z/', '5 z/deep/', '0 z/deep/young']);
  });

  test('a file that was only touched by reading is no change, but part of the layer', async () => {
    make('base/f', 'own/f');
    expect(diff()).toEqual([]);
    expect(await layer()).toEqual(['0 f']);
  });

  test('a folder that only became younger is no change', async () => {
    make('base/d/', 'own/d/');
    utimesSync(join(root, 'own/d'), new Date(), new Date());
    expect(diff()).toEqual([]);
    expect(await layer()).toEqual([]);
  });

  test('mode, owner, type and age tell a change', () => {
    make('base/mode', 'base/type', 'base/age', 'base/dmode/', 'own/mode', 'own/age', 'own/dmode/', 'own/type/inner');
    chmodSync(join(root, 'own/mode'), 0o600);
    chmodSync(join(root, 'own/dmode'), 0o700);
    utimesSync(join(root, 'own/age'), OLD, new Date('2021-01-01'));
    expect(diff()).toEqual(['changed age', 'changed dmode', 'changed mode', 'changed type', 'added type/inner']);
  });

  test('a part of a second that only one side knows is no change', () => {
    make('base/f', 'own/f');
    utimesSync(join(root, 'own/f'), OLD, OLD.getTime() / 1000 + 0.25);
    expect(diff()).toEqual([]);
  });

  test('a whiteout of what no layer has is nothing', async () => {
    whiteout('own/never');
    make('base/f');
    expect(diff()).toEqual([]);
    expect(await layer()).toEqual([]);
  });

  test('a folder made anew replaces the one below: an opaque whiteout, and all it holds', async () => {
    make('base/d/old', 'base/d/same', 'base/d/sub/x', 'own/d/same', 'own/d/sub/');
    opaque('own/d');
    expect(diff()).toEqual(['changed d', 'deleted d/old', 'changed d/sub', 'deleted d/sub/x']);
    expect(await layer()).toEqual(['5 d/', '0 d/.wh..wh..opq', '0 d/same', '5 d/sub/']);
    expect(await whole()).toEqual(['5 d/', '0 d/same', '5 d/sub/']);
  });

  test('an opaque folder where the layers have none needs no whiteout', async () => {
    make('own/d/f');
    opaque('own/d');
    expect(await layer()).toEqual(['5 d/', '0 d/f']);
  });

  test('a folder in place of a file, and a file in place of a folder', async () => {
    make('base/was-file', 'base/was-folder/x', 'own/was-file/y', 'own/was-folder');
    expect(diff()).toEqual(['changed was-file', 'added was-file/y', 'changed was-folder']);
    expect(await layer()).toEqual(['5 was-file/', '0 was-file/y', '0 was-folder']);
    expect(await whole()).toEqual(['5 was-file/', '0 was-file/y', '0 was-folder']);
  });

  test('what an upper layer hides of a lower one is not there', async () => {
    make('base/d/hidden', 'base/f', 'top/d/shown', 'own/d/hidden', 'own/f');
    opaque('top/d');
    whiteout('top/f');
    expect(diff()).toEqual(['changed d', 'added d/hidden', 'added f']);
    expect(await whole()).toEqual(['5 d/', '0 d/hidden', '0 d/shown', '0 f']);
  });
});

describe('what the runtime made to mount on', () => {
  test('is left out, and so is the folder that became younger by it', async () => {
    make('base/etc/passwd', 'own/etc/', 'own/proc/', 'own/dev/', 'own/sys/');
    for (const name of ['hosts', 'hostname', 'resolv.conf']) writeFileSync(join(root, 'own/etc', name), '');
    expect(diff()).toEqual([]);
    expect(await layer()).toEqual([]);
  });

  test('is left out where the image has no /etc at all, but what is beside it is not', async () => {
    make('own/etc/');
    writeFileSync(join(root, 'own/etc/hosts'), '');
    expect(diff()).toEqual([]);
    make('own/etc/mine');
    expect(diff()).toEqual(['added etc', 'added etc/mine']);
    expect(await layer()).toEqual(['5 etc/', '0 etc/mine']);
  });

  test('is told of where the image has the file, or somebody wrote into it', () => {
    make('base/etc/hosts', 'own/etc/hosts', 'own/etc/hostname');
    writeFileSync(join(root, 'own/etc/hosts'), '');
    expect(diff()).toEqual(['changed etc', 'added etc/hostname', 'changed etc/hosts']);
  });

  test('anywhere else is shown, as Docker shows it', () => {
    make('own/data/', 'own/opt/etc/hosts');
    expect(diff()).toEqual(['added data', 'added opt', 'added opt/etc', 'added opt/etc/hosts']);
  });
});

describe('the driver copy, whose folder holds everything', () => {
  test('is compared with all layers', async () => {
    make('base/a/gone', 'base/a/kept', 'top/f', 'base/never/x', 'own/a/kept', 'own/f', 'own/new/y');
    whiteout('top/never');
    writeFileSync(join(root, 'own/f'), 'more than before');
    expect(diff({ isWhole: true })).toEqual(['changed a', 'deleted a/gone', 'changed f', 'added new', 'added new/y']);
    expect(await layer({ isWhole: true })).toEqual(['5 a/', '0 a/.wh.gone', '0 f', '5 new/', '0 new/y']);
    expect(await whole({ isWhole: true })).toEqual(['5 a/', '0 a/kept', '0 f', '5 new/', '0 new/y']);
  });
});

describe('fuse-overlayfs, where it could make no device nodes', () => {
  test('hides by files', async () => {
    make('base/a/gone', 'base/d/old', 'own/d/new');
    make('own/a/.wh.gone', 'own/d/.wh..wh..opq');
    expect(diff({ isFuse: true })).toEqual(['changed a', 'deleted a/gone', 'changed d', 'added d/new', 'deleted d/old']);
    expect(await layer({ isFuse: true })).toEqual(['5 a/', '0 a/.wh.gone', '5 d/', '0 d/.wh..wh..opq', '0 d/new']);
  });
});

describe('a layer', () => {
  test('holds hard links and symlinks as what they are, and no sockets', async () => {
    make('own/f');
    linkSync(join(root, 'own/f'), join(root, 'own/g'));
    symlinkSync('../../escape', join(root, 'own/s'));
    const server = Bun.listen({ unix: join(root, 'own/sock'), socket: { data: () => undefined } });
    expect(await layer()).toEqual(['0 f', '1 g f', '2 s ../../escape']);
    server.stop(true);
  });

  test('leaves out what it could only tell as a whiteout, and says so', async () => {
    make('own/.wh.mine', 'own/f');
    const skipped: string[] = [];
    expect(await entries((tar, tree) => packChanges(tar, tree, { ...quiet, onSkip: (path) => skipped.push(path) }))).toEqual(['0 f']);
    expect(skipped).toEqual(['.wh.mine']);
  });

  test('tells of the root only where that is unusual', async () => {
    make('own/f');
    chmodSync(join(root, 'own'), 0o700);
    expect(await layer()).toEqual(['5 ./', '0 f']);
    chmodSync(join(root, 'own'), 0o755);
    expect((await layer()).filter((entry) => entry.includes('./'))).toEqual(process.geteuid?.() === 0 ? [] : ['5 ./']);
  });

  test('does not follow a folder that becomes a symlink while it is read', async () => {
    make('own/a/first', 'own/z/inner');
    mkdirSync(join(root, 'outside'));
    writeFileSync(join(root, 'outside/secret'), 'secret');
    const swap = async (tar: TarWriter, tree: ContainerTree): Promise<void> => {
      const told = { ...quiet };
      const watched: TarWriter = {
        ...tar,
        entry(header) {
          if (header.name === 'z/') {
            renameSync(join(root, 'own/z'), join(root, 'own/moved'));
            symlinkSync('../outside', join(root, 'own/z'));
          }
          tar.entry(header);
        },
      };
      await packChanges(watched, tree, told);
    };
    const found = await entries(swap);
    expect(found).toContain('5 z/');
    expect(found.join('\n')).not.toContain('secret');
  });
});
