import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveDevices } from '../../../../src/runtime/cdi/resolve.ts';
import type { DeviceRequest } from '../../../../src/storage/records.ts';
import type { Ctx } from '../../../../src/sys/context.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'skiff-cdi-'));
  mkdirSync(join(home, 'cdi'));
});
afterEach(() => rmSync(home, { recursive: true }));

const write = (name: string, content: unknown): void =>
  writeFileSync(join(home, 'cdi', name), typeof content === 'string' ? content : JSON.stringify(content));
const context = (): Ctx => ({
  env: { XDG_CONFIG_HOME: home },
  paths: { data: home, run: home },
  warn: () => undefined,
  now: () => new Date(),
});
const resolve = (...requests: Partial<DeviceRequest>[]) =>
  resolveDevices(
    context(),
    requests.map((request) => ({ Driver: 'cdi', Count: 0, DeviceIDs: null, Capabilities: [], Options: {}, ...request })),
  );
const named = (...DeviceIDs: string[]) => resolve({ DeviceIDs });
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing',
    (error: Error) => error.message,
  );

const file = (devices: unknown[], more: object = {}) => ({ cdiVersion: '0.6.0', kind: 'example.com/thing', devices, ...more });
const env = (...texts: string[]) => ({ containerEdits: { env: texts } });

test('what a file says of all devices comes once, before what it says of each', async () => {
  write(
    'a.json',
    file(
      [
        { name: 'one', ...env('ONE=1') },
        { name: 'two', ...env('TWO=2') },
      ],
      env('ALL=0'),
    ),
  );
  expect(await named('example.com/thing=two', 'example.com/thing=one', 'example.com/thing=two')).toEqual({
    env: ['ALL=0', 'TWO=2', 'ONE=1'],
    mounts: [],
    hooks: {},
    additionalGids: [],
  });
});

test('nodes, mounts, hooks and groups become those of the runtime, from YAML too', async () => {
  write(
    'b.yaml',
    `cdiVersion: 0.7.0
kind: example.com/thing
devices:
- name: "0"
  containerEdits:
    deviceNodes:
    - {path: /dev/thing0, hostPath: /dev/null, permissions: r}
    - path: /dev/zero
    mounts:
    - {hostPath: /usr/lib, containerPath: /opt/lib, options: [ro, nosuid, nodev, bind]}
    - {hostPath: /etc/hostname, containerPath: /opt/name}
    - {hostPath: tmpfs, containerPath: /opt/tmp, type: tmpfs}
    hooks:
    - {hookName: createContainer, path: /bin/link, args: [link, a], timeout: 5}
    additionalGids: [44]
`,
  );
  expect(await named('example.com/thing=0')).toEqual({
    env: [],
    mounts: [
      { destination: '/dev/thing0', source: '/dev/null', type: 'none', options: ['bind', 'rprivate', 'nosuid', 'noexec', 'ro'] },
      { destination: '/dev/zero', source: '/dev/zero', type: 'none', options: ['bind', 'rprivate', 'nosuid', 'noexec', 'rw'] },
      { destination: '/opt/lib', source: '/usr/lib', type: 'none', options: ['ro', 'nosuid', 'nodev', 'bind'] },
      { destination: '/opt/name', source: '/etc/hostname', type: 'none', options: ['rbind'] },
      { destination: '/opt/tmp', source: 'tmpfs', type: 'tmpfs', options: [] },
    ],
    hooks: { createContainer: [{ path: '/bin/link', args: ['link', 'a'], timeout: 5 }] },
    additionalGids: [44],
  });
});

test('--gpus names devices of nvidia.com/gpu by number, by name, or all of them', async () => {
  const gpu = (name: string) => ({ name, ...env(`${name}=yes`) });
  write('gpu.json', { ...file([gpu('0'), gpu('1'), gpu('all')]), kind: 'nvidia.com/gpu' });
  expect((await resolve({ Driver: '', Count: -1 })).env).toEqual(['all=yes']);
  expect((await resolve({ Driver: '', Count: 2 })).env).toEqual(['0=yes', '1=yes']);
  expect((await resolve({ Driver: 'nvidia', DeviceIDs: ['1'] })).env).toEqual(['1=yes']);
  expect(await refusal(resolve({ Driver: '', Count: 3 }))).toBe('CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=2');
});

test('without a file for GPUs the message says how to make one', async () => {
  await expect(resolve({ Driver: '', Count: -1, Capabilities: [['gpu']] })).rejects.toMatchObject({
    message: 'Could not select device driver "" with capabilities: [[gpu]]: no CDI file describes nvidia.com/gpu devices',
    hint: 'Make the file: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml',
    exitCode: 125,
  });
});

test('a device that no file has, or two files of one folder, cannot be had', async () => {
  write('a.json', file([{ name: 'one' }]));
  await expect(named('example.com/thing=one', 'example.com/thing=two', 'other/kind=x')).rejects.toMatchObject({
    message: 'CDI device injection failed: unresolvable CDI devices example.com/thing=two, other/kind=x',
    hint: 'There are: example.com/thing=one',
  });
  write('b.json', file([{ name: 'one' }]));
  expect(await refusal(named('example.com/thing=one'))).toMatch(/^CDI device injection failed: both .*a\.json and .*b\.json have a device/);
});

test.each([
  ['{', /bad\.json: /],
  [{ kind: 'a/b', devices: [] }, /bad\.json: "cdiVersion"/],
  [{ cdiVersion: '9.0.0', kind: 'a/b', devices: [] }, /"cdiVersion" is none of 0\.3 to 1\.0$/],
  [{ cdiVersion: '0.5.0', kind: 'ab', devices: [] }, /"kind" is not vendor\/class$/],
  [file([{ name: 'x', containerEdits: { deviceNodes: [{ path: 'dev' }] } }]), /"devices\.0\.containerEdits\.deviceNodes\.0\.path"/],
])('a wrong file is named when a device is missing, and stands in nobody else’s way: %j', async (content, hint) => {
  write('bad.json', content);
  write('good.json', file([{ name: 'one' }]));
  expect((await named('example.com/thing=one')).env).toEqual([]);
  await expect(named('example.com/thing=x')).rejects.toMatchObject({ hint: expect.stringMatching(hint) });
});

test.each([
  [{ intelRdt: {} }, 'CDI device "example.com/thing=x" needs "intelRdt", which is not possible without root'],
  [
    { deviceNodes: [{ path: '/dev/no-such' }] },
    'CDI device "example.com/thing=x" needs the device node "/dev/no-such", which is not there',
  ],
  [
    { hooks: [{ hookName: 'poststop', path: '/bin/true' }] },
    'CDI device "example.com/thing=x" has a hook "poststop", which is not run here',
  ],
])('what cannot be given is refused: %j', async (containerEdits, message) => {
  write('a.json', file([{ name: 'x', containerEdits }]));
  expect(await refusal(named('example.com/thing=x'))).toBe(message);
});
