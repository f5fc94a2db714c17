import { parseMount } from '../../../../src/engine/create/mount-spec.ts';

test.each([
  ['type=bind,source=/a,target=/b', { Type: 'bind', Source: '/a', Target: '/b' }],
  ['type=bind,src=/a,dst=/b/,readonly', { Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true }],
  ['type=bind,src=/a,destination=/b,ro=false', { Type: 'bind', Source: '/a', Target: '/b', ReadOnly: false }],
  ['type=bind,"src=/a,b",dst=/b', { Type: 'bind', Source: '/a,b', Target: '/b' }],
  ['type=bind,src=/a,dst=/b,bind-propagation=rslave', { Type: 'bind', Source: '/a', Target: '/b', BindOptions: { Propagation: 'rslave' } }],
  ['dst=/b', { Type: 'volume', Target: '/b' }],
  ['type=volume,src=v,dst=/b,volume-nocopy', { Type: 'volume', Source: 'v', Target: '/b', VolumeOptions: { NoCopy: true } }],
  [
    'src=v,dst=/b,volume-label=a=1,volume-label=b',
    { Type: 'volume', Source: 'v', Target: '/b', VolumeOptions: { Labels: { a: '1', b: '' } } },
  ],
  [
    'type=tmpfs,dst=/b,tmpfs-size=64m,tmpfs-mode=1770',
    { Type: 'tmpfs', Target: '/b', TmpfsOptions: { SizeBytes: 67108864, Mode: 0o1770 } },
  ],
])('--mount %s', (text, expected) => {
  expect(parseMount(text)).toEqual(expected);
});

test.each([
  ['type=foo', 'target is required'],
  ['type=foo,dst=/a', 'mount type unknown: "foo"'],
  ['foo', "invalid field 'foo' must be a key=value pair"],
  ['dst=/a,', "invalid field '' must be a key=value pair"],
  ['dst=a', "invalid mount path: 'a' mount path must be absolute"],
  ['type=bind,dst=/a', 'invalid mount config for type "bind": field Source must not be empty'],
  ['type=tmpfs,src=/b,dst=/a', 'invalid mount config for type "tmpfs": field Source must not be specified'],
  ['type=tmpfs,dst=/a,tmpfs-size=x', 'invalid value for tmpfs-size: x'],
  ['type=tmpfs,dst=/a,tmpfs-mode=9', 'invalid value for tmpfs-mode: 9'],
  ['type=bind,src=/a,dst=/b,readonly=maybe', 'invalid value for readonly: maybe'],
  ['type=bind,src=/a,dst=/b,bind-propagation=x', 'invalid propagation: x'],
  ['type=bind,src=/a,dst=/b,tmpfs-size=1', "cannot mix 'tmpfs-*' options with mount type 'bind'"],
  ['type=bind,src=/a,dst=/b,bind-recursive=disabled', "unexpected key 'bind-recursive' in 'bind-recursive=disabled'"],
])('--mount %s is refused', (text, message) => {
  expect(() => parseMount(text)).toThrow(message);
});
