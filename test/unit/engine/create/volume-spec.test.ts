import { parseVolume } from '../../../../src/engine/create/volume-spec.ts';

const bind = { type: 'bind', source: '/a', destination: '/b', mode: '', readOnly: false, propagation: 'rprivate' };
const volume = { type: 'volume', source: 'data', destination: '/b', mode: '', readOnly: false, propagation: '' };

test.each([
  ['/a:/b', bind],
  ['/a/:/b/', bind],
  ['/x/../a:/c/../b', bind],
  ['/a:/b:ro', { ...bind, mode: 'ro', readOnly: true }],
  ['/a:/b:rw,z', { ...bind, mode: 'rw,z' }],
  ['/a:/b:Z,rslave,ro', { ...bind, mode: 'Z,rslave,ro', readOnly: true, propagation: 'rslave' }],
  ['/a:/b:cached', { ...bind, mode: 'cached' }],
  ['data:/b', volume],
  ['data:/b:ro,nocopy', { ...volume, mode: 'ro,nocopy', readOnly: true }],
  ['/b', { ...volume, source: undefined }],
  ['/a:/b:U', { ...bind, mode: 'U' }],
  ['/a:/b:noidmap,ro', { ...bind, mode: 'noidmap,ro', readOnly: true }],
  ['data:/b:cached', { ...volume, mode: 'cached' }],
  ['data:/b:O', { ...volume, mode: 'O' }],
  ['/a:/b:O,upperdir=/u,workdir=/w', { ...bind, mode: 'O,upperdir=/u,workdir=/w' }],
])('-v %s', (spec, expected) => {
  expect(parseVolume(spec)).toEqual(expected);
});

test.each([
  [':', "Invalid volume specification: ':'"],
  ['a:b:c:d', "Invalid volume specification: 'a:b:c:d'"],
  ['/a:ro', "Invalid volume specification: '/a:ro'"],
  ['/a:b', "Invalid volume specification: '/a:b': invalid mount path: 'b' mount path must be absolute"],
  ['name', "Invalid volume specification: 'name': invalid mount path: 'name' mount path must be absolute"],
  ['/a:/b:zz', "Invalid volume specification: '/a:/b:zz': invalid mode: zz"],
  ['/a:/b:ro,rw', "Invalid volume specification: '/a:/b:ro,rw': invalid mode: ro,rw"],
  ['/a:/b:nocopy', "Invalid volume specification: '/a:/b:nocopy': invalid mode: nocopy"],
  ['data:/b:rslave', "Invalid volume specification: 'data:/b:rslave': invalid mode: rslave"],
  ['/a:/b:U,U', "Invalid volume specification: '/a:/b:U,U': invalid mode: U,U"],
  ['/a:/b:idmap,noidmap', "Invalid volume specification: '/a:/b:idmap,noidmap': invalid mode: idmap,noidmap"],
  ['data:/b:idmap', "Invalid volume specification: 'data:/b:idmap': invalid mode: idmap"],
  ['/a:/b:O=1', "Invalid volume specification: '/a:/b:O=1': invalid mode: O=1"],
  ['/a:/b:O,upperdir=,workdir=/w', "Invalid volume specification: '/a:/b:O,upperdir=,workdir=/w': invalid mode: O,upperdir=,workdir=/w"],
  [
    '/a:/b:O,upperdir=/u',
    "Invalid volume specification: '/a:/b:O,upperdir=/u': upperdir and workdir belong together: give both, or neither",
  ],
  ['/a:/b:O,upperdir=u,workdir=/w', "Invalid volume specification: '/a:/b:O,upperdir=u,workdir=/w': the folder 'u' must be absolute"],
  [
    '/a:/b:upperdir=/u,workdir=/w',
    'Invalid volume specification: \'/a:/b:upperdir=/u,workdir=/w\': upperdir and workdir are folders of the option "O", which is missing',
  ],
  ['/a:/b:O,U', 'Invalid volume specification: \'/a:/b:O,U\': the options "O" and "U" cannot be combined'],
  ['/a:/b:rslave,O', 'Invalid volume specification: \'/a:/b:rslave,O\': the options "O" and "rslave" cannot be combined'],
  ['/a:/', "Invalid volume specification: '/a:/': invalid specification: destination can't be '/'"],
  ['/a:/b/..', "Invalid volume specification: '/a:/b/..': invalid specification: destination can't be '/'"],
  ['x y:/b', 'Create x y: "x y" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed'],
  ['x/y:/b', 'Create x/y: "x/y" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed'],
])('-v %s is refused', (spec, message) => {
  expect(() => parseVolume(spec)).toThrow(expect.objectContaining({ message, exitCode: 125 }));
});
