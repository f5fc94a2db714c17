import { closeSync, linkSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureTree } from '../../../src/storage/tree-measure.ts';

test('names count, and bytes of regular files, each name’s; symlinks lead nowhere', () => {
  const root = mkdtempSync(join(tmpdir(), 'skiff-measure-'));
  try {
    mkdirSync(join(root, 'top/sub/deep'), { recursive: true });
    writeFileSync(join(root, 'outside'), 'x'.repeat(1000));
    writeFileSync(join(root, 'top/file'), 'x'.repeat(10));
    writeFileSync(join(root, 'top/sub/deep/file'), 'x'.repeat(20));
    linkSync(join(root, 'top/file'), join(root, 'top/sub/link'));
    symlinkSync('../outside', join(root, 'top/soft'));
    symlinkSync('..', join(root, 'top/up'));
    const fd = openSync(join(root, 'top'), 'r');
    expect(measureTree(fd)).toEqual({ files: 7, bytes: 40 });
    closeSync(fd);
  } finally {
    rmSync(root, { recursive: true });
  }
});
