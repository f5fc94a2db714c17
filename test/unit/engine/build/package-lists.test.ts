import { apkPackages, debPackages, npmPackage, pythonPackage } from '../../../../src/engine/build/export/sbom/package-lists.ts';

test('dpkg: what is installed, not what was removed and left its configuration', () => {
  const status = [
    'Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b2\nDescription: shell\n Version: not this one',
    'Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1',
    'Package: unstated\nVersion: 2\nArchitecture: all',
  ].join('\n\n');
  expect(
    debPackages(`${status}\n`, '/var/lib/dpkg/status').map(({ name, version, architecture }) => [name, version, architecture]),
  ).toEqual([
    ['bash', '5.2.15-2+b2', 'amd64'],
    ['unstated', '2', 'all'],
  ]);
});

test('apk: its one-letter fields, in which capitals and small letters are two things', () => {
  expect(apkPackages('C:Q1x\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\np:so:libc.musl=1\n\nP:zlib\nV:1.3-r0\n', '/p')).toEqual([
    { kind: 'apk', name: 'musl', version: '1.2.4-r2', architecture: 'x86_64', license: 'MIT', path: '/p' },
    { kind: 'apk', name: 'zlib', version: '1.3-r0', architecture: undefined, license: undefined, path: '/p' },
  ]);
});

test('npm and Python: name and version; what is no such file is passed over', () => {
  expect(npmPackage('{"name":"@x/y","version":"1.0.0","license":"MIT"}', '/p')).toEqual([
    { kind: 'npm', name: '@x/y', version: '1.0.0', license: 'MIT', path: '/p' },
  ]);
  expect([...npmPackage('{"name":"nameless version"}', '/p'), ...npmPackage('not json', '/p')]).toEqual([]);
  const metadata = 'Metadata-Version: 2.1\nName: requests\nVersion: 2.31.0\n\nName: of the description\n';
  expect(pythonPackage(metadata, '/p')).toEqual([{ kind: 'pypi', name: 'requests', version: '2.31.0', license: undefined, path: '/p' }]);
  expect(pythonPackage('', '/p')).toEqual([]);
});
