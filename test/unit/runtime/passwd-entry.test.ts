import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addCaller } from '../../../src/runtime/passwd-entry.ts';

let rootfs: string;
beforeEach(() => {
  rootfs = mkdtempSync(join(tmpdir(), 'skiff-passwd-'));
  mkdirSync(join(rootfs, 'etc'));
});
afterEach(() => rmSync(rootfs, { recursive: true }));

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const caller = { ids: { uid: 1000, gid: 100 }, name: 'ann', home: '/home/ann', groupName: 'people', rootIds: own };
const file = (name: string): string => readFileSync(join(rootfs, 'etc', name), 'utf8');
const put = (name: string, text: string): void => writeFileSync(join(rootfs, 'etc', name), text);

test('a line is added to each file, once, whether or not the last line ends', () => {
  put('passwd', 'root:x:0:0:root:/root:/bin/sh');
  put('group', 'root:x:0:\n');
  addCaller({ rootfs }, caller, '/work');
  addCaller({ rootfs }, caller, '/work');
  expect(file('passwd')).toBe('root:x:0:0:root:/root:/bin/sh\nann:*:1000:100:ann:/work:/bin/sh\n');
  expect(file('group')).toBe('root:x:0:\npeople:x:100:ann\n');
});

test('the caller’s own home is the home when it is mounted', () => {
  put('passwd', '');
  put('group', '');
  addCaller({ rootfs, mounts: new Map([['/home', '/home']]) }, caller, '/work');
  expect(file('passwd')).toBe('ann:*:1000:100:ann:/home/ann:/bin/sh\n');
});

test('an image that knows the id or the name keeps what it has', () => {
  put('passwd', 'node:x:1000:1000::/home/node:/bin/sh\n');
  put('group', 'people:x:5:\n');
  addCaller({ rootfs }, caller, '/');
  expect(file('passwd')).toBe('node:x:1000:1000::/home/node:/bin/sh\n');
  expect(file('group')).toBe('people:x:5:\n');
});

test('missing files are made, in an /etc that is there', () => {
  addCaller({ rootfs }, caller, '/');
  expect(file('passwd')).toBe('ann:*:1000:100:ann:/:/bin/sh\n');
  rmSync(join(rootfs, 'etc'), { recursive: true });
  addCaller({ rootfs }, caller, '/');
  expect(existsSync(join(rootfs, 'etc'))).toBe(false);
});

test('a link in the image leads nowhere outside it, and a mounted file is left alone', () => {
  const outside = mkdtempSync(join(tmpdir(), 'skiff-outside-'));
  writeFileSync(join(outside, 'passwd'), 'host\n');
  symlinkSync(join(outside, 'passwd'), join(rootfs, 'etc/passwd'));
  addCaller({ rootfs, mounts: new Map([['/etc/group', join(outside, 'passwd')]]) }, caller, '/');
  expect(readFileSync(join(outside, 'passwd'), 'utf8')).toBe('host\n');
  rmSync(join(rootfs, 'etc/passwd'));
  symlinkSync(join(outside, 'new'), join(rootfs, 'etc/passwd'));
  addCaller({ rootfs }, caller, '/');
  expect(existsSync(join(outside, 'new'))).toBe(false);
  rmSync(outside, { recursive: true });
});
