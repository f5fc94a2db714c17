import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveUser } from '../../../../src/runtime/spec/user.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-user-'));
  for (const name of ['full/etc', 'empty', 'evil/etc']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(
    join(folder, 'full/etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\n# a comment\n\nbroken line\nbad:x:x:y::/:\napp:x:1000:1001::/home/app:/bin/sh\n1000:x:77:77::/odd:\nbare:x:5:5\n',
  );
  writeFileSync(join(folder, 'full/etc/group'), 'root:x:0:\napp:x:1001:\nvideo:x:44:other,app\nwheel:x:10:app\nwheel2:x:10:app\n');
  writeFileSync(join(folder, 'host-passwd'), 'host:x:4242:4242::/:\n');
  symlinkSync(join(folder, 'host-passwd'), join(folder, 'evil/etc/passwd'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const resolve = (image: string, user: string) => resolveUser({ rootfs: join(folder, image) }, user);

test.each([
  ['', { uid: 0, gid: 0, home: '/root', additionalGids: [0] }],
  ['app', { uid: 1000, gid: 1001, home: '/home/app', additionalGids: [1001, 44, 10] }],
  ['app:video', { uid: 1000, gid: 44, home: '/home/app', additionalGids: [44] }],
  ['app:3', { uid: 1000, gid: 3, home: '/home/app', additionalGids: [3] }],
  ['4711', { uid: 4711, gid: 0, home: '/', additionalGids: [0] }],
  ['4711:4712', { uid: 4711, gid: 4712, home: '/', additionalGids: [4712] }],
  [':video', { uid: 0, gid: 44, home: '/root', additionalGids: [44] }],
  ['5', { uid: 5, gid: 5, home: '/', additionalGids: [5] }],
])('"%s" in an image with a passwd file', (user, expected) => {
  expect(resolve('full', user)).toEqual(expected);
});

test('a name that is a number is taken before the number', () => {
  expect(resolve('full', '1000').uid).toBe(77);
});

test('without a passwd file numbers work and root is root', () => {
  expect(resolve('empty', '')).toEqual({ uid: 0, gid: 0, home: '/', additionalGids: [0] });
  expect(resolve('empty', '12:34')).toEqual({ uid: 12, gid: 34, home: '/', additionalGids: [34] });
});

test.each([
  ['nobody-here', 'unable to find user nobody-here: no matching entries in passwd file'],
  ['app:nogroup', 'unable to find group nogroup: no matching entries in group file'],
  ['bad', 'unable to find user bad: no matching entries in passwd file'],
  ['4294967295', 'unable to find user 4294967295: no matching entries in passwd file'],
  ['-1', 'unable to find user -1: no matching entries in passwd file'],
])('"%s" is not found', (user, message) => {
  expect(() => resolve('full', user)).toThrow(expect.objectContaining({ message, exitCode: 125 }));
});

test("a passwd symlink to the host's file is not followed out of the image", () => {
  expect(() => resolve('evil', 'host')).toThrow('unable to find user host: no matching entries in passwd file');
});
