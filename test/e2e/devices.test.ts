// Devices: nodes of the host, folders of them, and what vendors describe in CDI files, of which this file writes its own.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const config = () => join(box.files, 'config');
const env = () => ({ XDG_CONFIG_HOME: config() });
const write = (name: string, content: string): void => writeFileSync(join(config(), 'cdi', name), content);
const run = (...args: string[]) => box.skiff(['run', '--rm', '--network', 'none', ...args], { env: env() });
const firstLine = ({ stderr }: { stderr: string }): string => stderr.split('\n')[0] ?? '';

beforeAll(async () => {
  mkdirSync(join(config(), 'cdi'), { recursive: true });
  writeFileSync(join(box.files, 'library'), 'a library\n');
  write(
    'thing.yaml',
    `cdiVersion: "0.6.0"
kind: example.com/thing
containerEdits:
  env: [THING_DRIVER=7]
devices:
- name: "0"
  containerEdits:
    env: [THING=zero]
    deviceNodes:
    - {path: /dev/thing/0, hostPath: /dev/zero}
    mounts:
    - {hostPath: ${box.files}/library, containerPath: /usr/lib/thing.so, options: [ro, nosuid, nodev, bind]}
    hooks:
    - {hookName: createContainer, path: /bin/sh, args: [sh, -c, "echo linked > ${box.files}/hook"]}
- name: "1"
  containerEdits:
    deviceNodes:
    - {path: /dev/thing/1, hostPath: /dev/null}
`,
  );
  await box.ok(['pull', '--quiet', busybox]);
});

test('a device stands where it was asked for, and works', async () => {
  const script = 'head -c 3 /dev/nothing | wc -c; [ -c /dev/nothing ] && [ -c /dev/full ] && echo both';
  const { stdout, code } = await run('--device', '/dev/zero:/dev/nothing', '--device', '/dev/full:rw', busybox, 'sh', '-c', script);
  expect({ stdout, code }).toEqual({ stdout: '3\nboth\n', code: 0 });
});

test('a folder of devices comes with all that is in it', async () => {
  const { stdout, code } = await run('--device', '/dev/net:/dev/mine', busybox, 'sh', '-c', '[ -c /dev/mine/tun ] && echo tun');
  expect({ stdout, code }).toEqual({ stdout: 'tun\n', code: 0 });
});

test('what a CDI file asks for of a device node and cannot be had is said, once', async () => {
  write(
    'shut.json',
    JSON.stringify({
      cdiVersion: '0.6.0',
      kind: 'example.com/shut',
      devices: [
        { name: 'same', containerEdits: { deviceNodes: [{ path: '/dev/zero', fileMode: 0o666, uid: 0, gid: 0 }] } },
        { name: 'other', containerEdits: { deviceNodes: [{ path: '/dev/shut', hostPath: '/dev/zero', fileMode: 0o600, gid: 44 }] } },
      ],
    }),
  );
  const { stderr, code } = await run('--device', 'example.com/shut=same', '--device', 'example.com/shut=other', busybox, 'true');
  expect({ stderr, code }).toEqual({
    stderr:
      'skiff: warning: CDI device "example.com/shut=other" asks for the mode 600 and the group 44 of "/dev/shut", which is not enforced: ' +
      "without root the host's device node is shown as it is\n",
    code: 0,
  });
});

test('a permission that cannot be held back is said not to be', async () => {
  const { stdout, stderr, code } = await run('--device', '/dev/full:/dev/shut:r', busybox, 'sh', '-c', '[ -c /dev/shut ] && echo there');
  expect({ stdout, stderr, code }).toEqual({
    stdout: 'there\n',
    stderr:
      'skiff: warning: The permissions "r" of the device "/dev/full" are not enforced: without root, who may write to it outside may do so inside\n',
    code: 0,
  });
});

test('a device of a CDI file brings its nodes, variables, mounts and hooks, and what the file says of all', async () => {
  const script = 'echo $THING_DRIVER $THING; head -c 2 /dev/thing/0 | wc -c; cat /usr/lib/thing.so; [ -e /dev/thing/1 ] || echo one only';
  const { stdout, stderr, code } = await run('--device', 'example.com/thing=0', busybox, 'sh', '-c', script);
  expect({ stdout, stderr, code }).toEqual({ stdout: '7 zero\n2\na library\none only\n', stderr: '', code: 0 });
  expect(readFileSync(join(box.files, 'hook'), 'utf8')).toBe('linked\n');
});

test('several CDI devices go together, and inspect shows what was asked for', async () => {
  const devices = ['--device', 'example.com/thing=0', '--device', 'example.com/thing=1', '--device', '/dev/full'];
  await box.ok(['create', '--name', 'both', ...devices, busybox, 'ls', '/dev/thing'], { env: env() });
  expect(await box.ok(['start', '-a', 'both'], { env: env() })).toBe('0\n1');
  const [{ HostConfig }] = JSON.parse(await box.ok(['inspect', 'both']));
  expect(HostConfig.Devices).toEqual([{ PathOnHost: '/dev/full', PathInContainer: '/dev/full', CgroupPermissions: 'rwm' }]);
  const ids = ['example.com/thing=0', 'example.com/thing=1'];
  expect(HostConfig.DeviceRequests).toEqual([{ Driver: 'cdi', Count: 0, DeviceIDs: ids, Capabilities: null, Options: {} }]);
  await box.ok(['rm', 'both']);
});

test('--gpus takes the devices of nvidia.com/gpu, and says how to have them described', async () => {
  const without = await run('--gpus', 'all', busybox, 'true');
  expect({ message: without.stderr, code: without.code }).toEqual({
    message:
      'skiff: Could not select device driver "" with capabilities: [[gpu]]: no CDI file describes nvidia.com/gpu devices\n' +
      'Make the file: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml\n',
    code: 125,
  });
  const gpu = (name: string) => ({ name, containerEdits: { env: [`GPU_${name}=yes`] } });
  write('nvidia.json', JSON.stringify({ cdiVersion: '0.5.0', kind: 'nvidia.com/gpu', devices: ['0', '1', 'all'].map(gpu) }));
  const gpus = async (asked: string) => (await run('--gpus', asked, busybox, 'sh', '-c', 'env | grep ^GPU_ | sort')).stdout;
  expect(await gpus('all')).toBe('GPU_all=yes\n');
  expect(await gpus('2')).toBe('GPU_0=yes\nGPU_1=yes\n');
  expect(await gpus('"device=1"')).toBe('GPU_1=yes\n');
  expect(firstLine(await run('--gpus', '3', busybox, 'true'))).toBe(
    'skiff: CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=2',
  );
  await box.ok(['create', '--name', 'gpus', '--gpus', 'all', busybox, 'true'], { env: env() });
  const [{ HostConfig }] = JSON.parse(await box.ok(['inspect', 'gpus']));
  expect(HostConfig.DeviceRequests).toEqual([{ Driver: '', Count: -1, DeviceIDs: null, Capabilities: [['gpu']], Options: {} }]);
  await box.ok(['rm', 'gpus']);
});

test.each([
  [['--device', '/dev/no-such'], 'Error gathering device information while adding custom device "/dev/no-such": no such file or directory'],
  [['--device', '/etc/passwd'], 'Error gathering device information while adding custom device "/etc/passwd": not a device node'],
  [['--device', 'null'], 'invalid argument "null" for "--device" flag: bad device specification: null'],
  [['--device', 'example.com/thing=9'], 'CDI device injection failed: unresolvable CDI devices example.com/thing=9'],
  [['--gpus', 'few'], 'invalid argument "few" for "--gpus" flag: invalid count (few): value must be either "all" or an integer'],
  [['--gpus', 'driver=other'], 'Could not select device driver "other" with capabilities: [[gpu]]: there is no such driver'],
])('%j is refused and nothing is made', async (flags, message) => {
  const refused = await run(...flags, busybox, 'true');
  expect({ stdout: refused.stdout, first: firstLine(refused), code: refused.code }).toEqual({
    stdout: '',
    first: `skiff: ${message}`,
    code: 125,
  });
  expect(await box.ok(['ps', '-aq'])).toBe('');
});

test('a device that is gone by the next start keeps the container from it', async () => {
  write('brief.json', JSON.stringify({ cdiVersion: '0.6.0', kind: 'example.com/brief', devices: [{ name: 'x' }] }));
  await box.ok(['create', '--name', 'later', '--network', 'none', '--device', 'example.com/brief=x', busybox, 'true'], { env: env() });
  write('brief.json', JSON.stringify({ cdiVersion: '0.6.0', kind: 'example.com/brief', devices: [] }));
  const { stderr, code } = await box.skiff(['start', 'later'], { env: env() });
  expect(stderr).toContain('unresolvable CDI devices example.com/brief=x');
  expect(code).toBe(1);
  await box.ok(['rm', 'later']);
});
