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
  ['type=bind,src=/a,dst=/b,bind-recursive=disabled', { Type: 'bind', Source: '/a', Target: '/b', BindOptions: { NonRecursive: true } }],
  ['type=bind,src=/a,dst=/b,bind-recursive=false', { Type: 'bind', Source: '/a', Target: '/b', BindOptions: { NonRecursive: true } }],
  ['type=bind,src=/a,dst=/b,bind-nonrecursive', { Type: 'bind', Source: '/a', Target: '/b', BindOptions: { NonRecursive: true } }],
  [
    'type=bind,src=/a,dst=/b,ro,bind-recursive=readonly,bind-propagation=RPRIVATE',
    { Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true, BindOptions: { ReadOnlyForceRecursive: true, Propagation: 'rprivate' } },
  ],
  ['type=bind,src=/a,dst=/b,bind-create-src=true', { Type: 'bind', Source: '/a', Target: '/b', BindOptions: { CreateMountpoint: true } }],
  ['TYPE=Volume,SRC=v,DST=/b,volume-subpath=a/b', { Type: 'volume', Source: 'v', Target: '/b', VolumeOptions: { Subpath: 'a/b' } }],
  [
    'src=v,dst=/b,volume-driver=local,"volume-opt=o=bind,rw",volume-opt=device=/x',
    {
      Type: 'volume',
      Source: 'v',
      Target: '/b',
      VolumeOptions: { DriverConfig: { Name: 'local', Options: { o: 'bind,rw', device: '/x' } } },
    },
  ],
  ['type=image,src=alpine,dst=/b,image-subpath=etc', { Type: 'image', Source: 'alpine', Target: '/b', ImageOptions: { Subpath: 'etc' } }],
  ['type=bind,src=/a,dst=/b,U=true,relabel=private', { Type: 'bind', Source: '/a', Target: '/b', Words: ['U', 'Z'] }],
  ['type=volume,src=v,dst=/b,chown,relabel=shared', { Type: 'volume', Source: 'v', Target: '/b', Words: ['U', 'z'] }],
  [
    'type=bind,src=/a,dst=/b,O,upperdir=/u,workdir=/w',
    { Type: 'bind', Source: '/a', Target: '/b', Words: ['O', 'upperdir=/u', 'workdir=/w'] },
  ],
  ['type=bind,src=/a,dst=/b,idmap', { Type: 'bind', Source: '/a', Target: '/b', Words: ['idmap'] }],
  ['type=bind,src=/a,dst=/b,idmap=false,U=false', { Type: 'bind', Source: '/a', Target: '/b', Words: ['noidmap'] }],
  ['"dst=/a""b",consistency=cached', { Type: 'volume', Target: '/a"b' }],
  [' dst=/b ', { Type: 'volume', Target: '/b' }],
])('--mount %s', (text, expected) => {
  expect(parseMount(text)).toEqual(expected);
});

test.each([
  ['', 'EOF'],
  ['type=foo', 'target is required'],
  ['type=,dst=/a', 'type is required'],
  ['dst=', 'target is required'],
  ['type=foo,dst=/a', 'invalid mount config for type "foo": mount type unknown'],
  ['foo', "invalid field 'foo' must be a key=value pair"],
  ['dst=/a,', "invalid field '' must be a key=value pair"],
  ['dst=/a,volume-label', "invalid field 'volume-label' must be a key=value pair"],
  ['type=bind, src=/a,dst=/a', "unexpected key ' src' in ' src=/a'"],
  ['dst="/a"', 'parse error on line 1, column 5: bare " in non-quoted-field'],
  ['"dst=/a"x', 'parse error on line 1, column 8: extraneous or missing " in quoted-field'],
  ['"type=volume,dst=/b', 'parse error on line 1, column 20: extraneous or missing " in quoted-field'],
  ['type=tmpfs,dst=/a,tmpfs-size=x', 'invalid value for tmpfs-size: x'],
  ['type=tmpfs,dst=/a,tmpfs-mode=9', 'invalid value for tmpfs-mode: 9'],
  ['type=bind,src=/a,dst=/b,U=maybe', 'invalid value for u: maybe'],
  ['type=bind,src=/a,dst=/b,relabel=all', 'invalid value for relabel: all (must be "shared" or "private")'],
  ['type=bind,src=/a,dst=/b,idmap=uids=0-1-10', 'invalid value for idmap: uids=0-1-10 (must be "true" or "false")'],
  ['type=bind,src=/a,dst=/b,O,U', 'the options "O" and "U" cannot be combined'],
  ['type=bind,src=/a,dst=/b,upperdir=/u', 'upperdir and workdir are folders of the option "O", which is missing'],
  ['type=bind,src=/a,dst=/b,U,chown', 'invalid mode: U,U'],
  ['type=volume,src=v,dst=/b,idmap', 'invalid mode: idmap'],
  ['type=tmpfs,dst=/b,chown', "cannot mix 'U' with mount type 'tmpfs'"],
  ['type=image,src=a,dst=/b,relabel=shared', "cannot mix 'relabel' with mount type 'image'"],
  ['type=bind,src=/a,dst=/b,readonly=maybe', 'invalid value for readonly: maybe'],
  ['dst=/b,volume-nocopy=x', 'invalid value for volume-nocopy: x'],
  ['type=bind,src=/a,dst=/b,tmpfs-size=1', "cannot mix 'tmpfs-*' options with mount type 'bind'"],
  ['type=image,src=a,dst=/b,volume-subpath=x', "cannot mix 'volume-*' options with mount type 'image'"],
  ['src=a,dst=/b,bind-propagation=slave', "cannot mix 'bind-*' options with mount type 'volume'"],
  ['src=a,dst=/b,image-subpath=a', "cannot mix 'image-*' options with mount type 'volume'"],
  [
    'type=bind,src=/a,dst=/b,bind-recursive=foo',
    'invalid value for bind-recursive: foo (must be "enabled", "disabled", "writable", or "readonly")',
  ],
  [
    'type=bind,src=/a,dst=/b,bind-recursive=writable',
    "option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction",
  ],
  [
    'type=bind,src=/a,dst=/b,ro,bind-recursive=readonly',
    "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
  ],
])('--mount %s is refused', (text, message) => {
  expect(() => parseMount(text)).toThrow(new Error(message));
});
