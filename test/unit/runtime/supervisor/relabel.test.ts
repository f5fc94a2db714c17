import { closeSync, mkdirSync, mkdtempSync, openSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerLabel, type Labels, relabeler } from '../../../../src/runtime/supervisor/relabel.ts';
import { walkTree } from '../../../../src/storage/tree-walk.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'skiff-relabel-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** Labels in memory, by the path that a name stands for. */
function labelsOf(known: Record<string, string>): Labels & { changed: string[] } {
  const pathOf = (folder: number, name: string) => join(readlinkSync(`/proc/self/fd/${folder}`), name).slice(base.length);
  const changed: string[] = [];
  return {
    changed,
    get: (folder, name) => known[pathOf(folder, name)],
    set: (folder, name, label) => changed.push(`${pathOf(folder, name)} ${label}`),
  };
}

async function label(path: string, text: string, labels: Labels): Promise<void> {
  const fd = openSync(join(base, path), 'r');
  await walkTree(fd, relabeler(text, labels), new AbortController().signal);
  closeSync(fd);
}

test('only what has another label is changed; a symlink gets one itself, and what it points to does not', async () => {
  mkdirSync(join(base, 'source/sub'), { recursive: true });
  mkdirSync(join(base, 'elsewhere'));
  writeFileSync(join(base, 'elsewhere/file'), '');
  writeFileSync(join(base, 'source/sub/right'), '');
  writeFileSync(join(base, 'source/wrong'), '');
  symlinkSync('../elsewhere', join(base, 'source/link'));
  const labels = labelsOf({ '/source/sub/right': 'L', '/source/wrong': 'other' });
  await label('source', 'L', labels);
  expect(labels.changed).toEqual(['/source/link L', '/source/sub L', '/source/wrong L', '/source L']);
});

test('the label is that of all containers, or has two categories of the one container', () => {
  expect(containerLabel('shared', 'abc')).toBe('system_u:object_r:container_file_t:s0');
  const own = containerLabel('private', 'abc');
  const [, first, second] = /^system_u:object_r:container_file_t:s0:c(\d+),c(\d+)$/.exec(own) ?? [];
  expect(Number(first)).toBeLessThan(Number(second));
  expect(Number(second)).toBeLessThan(1024);
  expect(containerLabel('private', 'abc')).toBe(own);
  expect(containerLabel('private', 'abd')).not.toBe(own);
});
