import { checkVolumeOptions, isReadOnlyVolume, tmpfsData } from '../../../src/engine/volume-options.ts';

test.each([
  [{ foo: '1' }, 'create v: invalid option: "foo"'],
  [{ size: '10m' }, 'create v: quota size requested but no quota support'],
  [{ type: 'tmpfs' }, 'create v: missing required option: "device"'],
  [{ device: '/x' }, 'create v: missing required option: "type"'],
  [{ o: 'bind' }, 'create v: missing required option: "device"'],
  [{ type: 'nfs', device: ':/x' }, 'create v: a volume of type "nfs" needs root'],
  [{ type: 'ext4', device: '/dev/sda1' }, 'create v: a volume of type "ext4" needs root'],
  [{ type: 'none', device: '/x' }, 'create v: the device "/x" cannot be mounted without root'],
  [{ type: 'none', o: 'bind', device: 'x' }, 'create v: the device "x" is no absolute path'],
  [{ type: 'none', o: 'bind', device: '/a/../b' }, 'create v: the device "/a/../b" has ".." in it'],
  [{ type: 'none', o: 'bind,suid', device: '/x' }, 'create v: "suid" is no option of a bind mount here'],
  [{ type: 'tmpfs', device: 'tmpfs', o: 'size=10z' }, 'create v: "size=10z" is no mount option of a tmpfs'],
  [{ type: 'tmpfs', device: 'tmpfs', o: 'mode=9' }, 'create v: "mode=9" is no mount option of a tmpfs'],
  [{ type: 'tmpfs', device: 'tmpfs', o: 'uid=-1' }, 'create v: "uid=-1" is no mount option of a tmpfs'],
  [{ type: 'tmpfs', device: 'tmpfs', o: 'bind' }, 'create v: "bind" is no mount option of a tmpfs'],
])('%j is refused', (options, message) => {
  expect(() => checkVolumeOptions(options as Record<string, string>, 'v')).toThrow(message);
});

test.each([
  [{}, {}],
  [
    { type: 'none', o: 'bind,ro', device: '/srv//www/' },
    { type: 'none', o: 'bind,ro', device: '/srv/www' },
  ],
  [
    { type: 'tmpfs', device: 'tmpfs', o: 'size=100m,uid=1000,mode=1777,noexec' },
    { type: 'tmpfs', device: 'tmpfs', o: 'size=100m,uid=1000,mode=1777,noexec' },
  ],
])('%j is kept as %j', (options, kept) => {
  expect(checkVolumeOptions(options as Record<string, string>, 'v')).toEqual(kept);
});

test('a tmpfs tells its mount options, a folder has none; ro holds for both', () => {
  expect(tmpfsData({ type: 'tmpfs', device: 'tmpfs', o: 'size=1m,ro' })).toBe('size=1m,ro');
  expect(tmpfsData({ type: 'tmpfs', device: 'tmpfs' })).toBe('');
  expect(tmpfsData({ type: 'none', device: '/x', o: 'bind' })).toBeUndefined();
  expect([{ o: 'bind,ro' }, { o: 'size=1m' }, {}].map((options) => isReadOnlyVolume(options as Record<string, string>))).toEqual([
    true,
    false,
    false,
  ]);
});
