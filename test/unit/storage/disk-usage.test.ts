import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskUsage, storeUsage } from '../../../src/storage/disk-usage.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usage-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const du = (...paths: string[]): number =>
  Number(
    Bun.spawnSync(['du', '-scB1', ...paths])
      .stdout.toString()
      .trim()
      .split('\n')
      .at(-1)
      ?.split('\t')[0],
  );

test('as du counts: folders, blocks and not lengths, hard links once, symlinks themselves', () => {
  mkdirSync(join(folder, 'deep/er'), { recursive: true });
  writeFileSync(join(folder, 'deep/file'), 'x'.repeat(10_000));
  linkSync(join(folder, 'deep/file'), join(folder, 'deep/er/same'));
  symlinkSync('/usr', join(folder, 'link'));
  symlinkSync(`/${'long/'.repeat(40)}`, join(folder, 'long-link'));
  writeFileSync(join(folder, 'sparse'), '');
  truncateSync(join(folder, 'sparse'), 50_000_000);
  writeFileSync(Buffer.from(`${folder}/not-utf8-\xff`, 'latin1'), 'x');
  expect(diskUsage([folder])).toBe(du(folder));
  expect(diskUsage([folder])).toBeLessThan(1_000_000);
});

test('a file named twice, below two paths, counts once; what is not there takes nothing', () => {
  for (const name of ['a', 'b']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'a/f'), 'x'.repeat(10_000));
  linkSync(join(folder, 'a/f'), join(folder, 'b/f'));
  expect(diskUsage([join(folder, 'a'), join(folder, 'b')])).toBe(du(join(folder, 'a'), join(folder, 'b')));
  expect(diskUsage([join(folder, 'none')])).toBe(0);
});

test('a store that is not there is empty', () => {
  expect(storeUsage({ paths: { data: join(folder, 'none'), run: folder } })).toEqual({
    ...{ images: 0, leftovers: 0, containers: 0, volumes: 0, trash: 0, cache: 0 },
    parts: { blobs: {}, layers: {}, containers: {}, volumes: {}, trash: {}, mounts: {} },
  });
});
