import type { RunMount, RunStep } from '../../../../src/engine/build/model.ts';
import { chainKey, keyOf, runKey } from '../../../../src/engine/build/step-key.ts';

const step: RunStep = {
  id: 'a',
  args: ['/bin/sh', '-c', 'make'],
  env: ['PATH=/bin', 'A=1'],
  user: '',
  workdir: '/',
  layers: [],
  platform: { os: 'linux', architecture: 'amd64' },
  mounts: [],
  network: 'default',
  security: 'sandbox',
  devices: [],
};
const key = (changes: Partial<RunStep> = {}, mountKeys: (string | undefined)[] = []): string =>
  runKey('sha256:parent', { ...step, ...changes }, { mountKeys });

test('a key is a digest, and the same each time', () => {
  expect(key()).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(key()).toBe(key());
});

test('a key does not depend on the order in which its parts are written, nor on what is left out', () => {
  expect(keyOf('x', { a: 1, b: { d: 2, c: 3 } })).toBe(keyOf('x', { b: { c: 3, d: 2 }, a: 1, e: undefined }));
});

test.each<[string, Partial<RunStep>]>([
  ['words', { args: ['/bin/sh', '-c', 'make all'] }],
  ['the cut of words', { args: ['/bin/sh', '-c make'] }],
  ['a variable', { env: ['PATH=/bin', 'A=2'] }],
  ['the user', { user: 'nobody' }],
  ['the folder', { workdir: '/src' }],
  ['the name of the machine', { hostname: 'me' }],
  ['the network', { network: 'none' }],
  ['the confinement', { security: 'insecure' }],
  ['a device', { devices: ['vendor.com/gpu=0'] }],
  ['standard input', { stdin: 'x' }],
  ['the platform', { platform: { os: 'linux', architecture: 'arm64' } }],
  ['a tmpfs', { mounts: [{ type: 'tmpfs', target: '/tmp' }] }],
])('%s counts', (_, changes) => {
  expect(key(changes)).not.toBe(key());
});

test('the id of a step and the list of its layers do not count, the parent does', () => {
  expect(key({ id: 'b', layers: ['sha256:x'] })).toBe(key());
  expect(runKey('sha256:other', step, { mountKeys: [] })).not.toBe(key());
});

test('a secret counts by its id and place, an agent too', () => {
  const secret: RunMount = { type: 'secret', id: 'token', target: '/run/secrets/token', required: true, mode: 0o400, uid: 0, gid: 0 };
  expect(key({ mounts: [{ ...secret, id: 'other' }] })).not.toBe(key({ mounts: [secret] }));
  expect(key({ mounts: [{ ...secret, target: '/elsewhere' }] })).not.toBe(key({ mounts: [secret] }));
  expect(key({ mounts: [{ ...secret, required: false }] })).toBe(key({ mounts: [secret] }));
});

test('what a mount shows counts by the key of its files, whatever folder they lie in', () => {
  const mount = (folder: string): RunMount => ({
    type: 'bind',
    target: '/src',
    from: { kind: 'context', context: { folder, ignore: undefined } },
    source: '/',
    readonly: true,
  });
  expect(key({ mounts: [mount('/a')] }, ['sha256:1'])).toBe(key({ mounts: [mount('/b')] }, ['sha256:1']));
  expect(key({ mounts: [mount('/a')] }, ['sha256:1'])).not.toBe(key({ mounts: [mount('/a')] }, ['sha256:2']));
});

test('a rootfs is known by its layers and their order', () => {
  expect(chainKey(['a', 'b'])).not.toBe(chainKey(['b', 'a']));
  expect(chainKey(['ab'])).not.toBe(chainKey(['a', 'b']));
});
