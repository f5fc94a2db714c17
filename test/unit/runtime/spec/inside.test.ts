import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lookInside, resolveInside } from '../../../../src/runtime/spec/inside.ts';

let folder: string;
let rootfs: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-inside-'));
  rootfs = join(folder, 'rootfs');
  mkdirSync(join(rootfs, 'usr/bin'), { recursive: true });
  mkdirSync(join(rootfs, 'data'));
  mkdirSync(join(folder, 'volume/sub'), { recursive: true });
  writeFileSync(join(rootfs, 'usr/bin/tool'), 'x');
  writeFileSync(join(folder, 'secret'), 'x');
  writeFileSync(join(folder, 'volume/sub/file'), 'x');
  symlinkSync('usr/bin', join(rootfs, 'bin'));
  symlinkSync('/usr/bin/tool', join(rootfs, 'absolute'));
  symlinkSync('../../../../../../../../secret', join(rootfs, 'climbing'));
  symlinkSync(join(folder, 'secret'), join(rootfs, 'outside'));
  symlinkSync('loop', join(rootfs, 'loop'));
  symlinkSync('/data/sub/file', join(rootfs, 'into-volume'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hostOf = (path: string, mounts?: Map<string, string | undefined>) => {
  const place = lookInside(mounts ? { rootfs, mounts } : { rootfs }, path);
  return 'host' in place ? `${place.found} ${place.host.slice(folder.length)}` : place.found;
};

test.each([
  ['/usr/bin/tool', 'file /rootfs/usr/bin/tool'],
  ['usr/bin/tool', 'file /rootfs/usr/bin/tool'],
  ['/bin/tool', 'file /rootfs/usr/bin/tool'],
  ['/absolute', 'file /rootfs/usr/bin/tool'],
  ['/bin/../../../../usr/./bin', 'directory /rootfs/usr/bin'],
  ['/', 'directory /rootfs/'],
  ['/missing', 'nothing'],
  ['/usr/bin/tool/x', 'not-a-directory'],
  ['/loop', 'unknown'],
])('%s is %s', (path, expected) => {
  expect(hostOf(path)).toBe(expected);
});

test.each(['/climbing', '/outside', '/../secret', '/bin/../../secret'])('%s stays inside the root', (path) => {
  expect(hostOf(path)).toBe('nothing');
});

test('paths below a mount are looked up in its source', () => {
  const mounts = new Map([['/data', join(folder, 'volume')]]);
  expect(hostOf('/data/sub/file', mounts)).toBe('file /volume/sub/file');
  expect(hostOf('/into-volume', mounts)).toBe('file /volume/sub/file');
  expect(hostOf('/data/sub/../../usr/bin/tool', mounts)).toBe('file /rootfs/usr/bin/tool');
  expect(hostOf('/database', mounts)).toBe('nothing');
});

test('a mount whose contents come later is unknown', () => {
  expect(hostOf('/data/anything', new Map([['/data', undefined]]))).toBe('unknown');
});

test('a destination is resolved through the symlinks in it, as far as it exists', () => {
  expect(resolveInside({ rootfs }, '/bin/new/tool')).toBe('/usr/bin/new/tool');
  expect(resolveInside({ rootfs }, '/absolute')).toBe('/usr/bin/tool');
  expect(resolveInside({ rootfs, mounts: new Map([['/data', join(folder, 'volume')]]) }, '/data/sub/x')).toBe('/data/sub/x');
});

test('what cannot be looked at is unknown, not missing', () => {
  expect(hostOf(`/${'long'.repeat(100)}`)).toBe('unknown');
});
