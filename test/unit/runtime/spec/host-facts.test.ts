import { hostFacts, mappedIds } from '../../../../src/runtime/spec/host-facts.ts';

test.each([
  ['         0       1001          1\n         1     165536      65536\n', 65537],
  ['0 1001 1\n', 1],
  ['1 5 10\n', 0],
  ['10 5 10\n0 1 5\n', 5],
  ['', 0],
])('id map %j maps %d ids from 0 up', (text, expected) => {
  expect(mappedIds(text)).toBe(expected);
});

test('the facts of this machine are read', () => {
  const facts = hostFacts();
  expect(['amd64', 'arm64']).toContain(facts.architecture);
  expect(facts.lastCapability).toBeGreaterThan(30);
  expect(facts.mappedUids).toBeGreaterThan(0);
  expect(facts.hasSeccomp).toBe(true);
});

test('devices that every container has of its own are never taken from the host', () => {
  const paths = hostFacts().openableDevices();
  for (const path of paths) expect(path).toMatch(/^\/dev\//);
  for (const own of ['/dev/null', '/dev/ptmx', '/dev/tty']) expect(paths).not.toContain(own);
  expect(paths.filter((path) => path.startsWith('/dev/pts/'))).toEqual([]);
});
