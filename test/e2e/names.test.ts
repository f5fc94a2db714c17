// What a container is called inside: --hostname, --domainname, --add-host; and flags of Docker's that have no meaning here, each refused
// with a sentence that says why.
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const shell = (flags: string[], script: string) => box.ok(['run', '--rm', ...flags, busybox, 'sh', '-c', script]);

async function refused(...flags: string[]): Promise<string> {
  const { stderr, code } = await box.skiff(['run', '--rm', ...flags, busybox, 'true']);
  expect(code).toBe(125);
  expect(await box.ok(['ps', '-aq'])).toBe('');
  return (stderr.split('\n')[0] ?? '').replace('skiff: ', '');
}

test('host and domain name are the kernel’s, the files’ and the environment’s', async () => {
  const look = 'hostname; cat /proc/sys/kernel/domainname; hostname -f; cat /etc/hostname; echo $HOSTNAME; tail -n 1 /etc/hosts | cut -f 2';
  expect(await shell(['-h', 'ship', '--domainname', 'sea.example'], look)).toBe(
    'ship\nsea.example\nship.sea.example\nship\nship.sea.example\nship.sea.example ship',
  );
  expect(await shell(['--network', 'none', '-h', 'x'.repeat(64)], 'hostname')).toBe('x'.repeat(64));
});

test('--add-host adds names, host-gateway standing for the host', async () => {
  const flags = ['--add-host', 'four:10.1.2.3', '--add-host', 'six=[::7]', '--add-host', 'door:host-gateway'];
  const [four, six, door, host] = (
    await shell(flags, 'for n in four six door host.docker.internal; do grep "[[:space:]]$n" /etc/hosts | cut -f 1; done')
  ).split('\n');
  expect([four, six]).toEqual(['10.1.2.3', '::7']);
  expect(door).toBe(host);
  expect(door).not.toBe('');
  expect(await shell(['--network', 'host', '--add-host', 'door:host-gateway'], 'grep door /etc/hosts')).toBe('127.0.0.1\tdoor');
});

test('--isolation default is what there is', async () => {
  expect(await shell(['--isolation', 'default', '--network', 'none'], 'echo here')).toBe('here');
});

test.each([
  [['-h', 'a b'], 'Invalid hostname format: a b'],
  [['-h', 'x'.repeat(65)], `Invalid hostname format: ${'x'.repeat(65)}`],
  [['--domainname', 'a b'], 'Invalid domain name format: a b'],
  [['--domainname', 'x'.repeat(65)], `Invalid domain name format: ${'x'.repeat(65)}`],
  [['--network', 'none', '--add-host', 'door:host-gateway'], 'Cannot reach the host ("door:host-gateway") without a network'],
  [['--add-host', 'door'], 'invalid argument "door" for "--add-host" flag: bad format for add-host: "door"'],
  [['--add-host', 'door:1.2'], 'invalid argument "door:1.2" for "--add-host" flag: invalid IP address in add-host: "1.2"'],
  [
    ['--isolation', 'hyperv'],
    'invalid argument "hyperv" for "--isolation" flag: invalid isolation (hyperv): linux only supports \'default\'',
  ],
  [['--ip', '10.1.1.1'], 'User specified IP address is supported on user defined networks only'],
  [['--network-alias', 'www'], 'Network-scoped alias is supported only for containers in user defined networks'],
  [['--network', 'none', '--mac-address', '02:42:0a:01:01:01'], 'Conflicting options: mac-address and the network mode "none"'],
  [
    ['--link', 'a:b'],
    'invalid argument "a:b" for "--link" flag: not supported: put both on a network of their own, where they find each other by name: skiff network create NAME, --network NAME',
  ],
  [
    ['--disable-content-trust'],
    'invalid argument "true" for "--disable-content-trust" flag: not supported: there is no content trust to disable',
  ],
  [
    ['--kernel-memory', '1m'],
    'invalid argument "1m" for "--kernel-memory" flag: not possible: cgroup v2 counts kernel memory with --memory',
  ],
  [['--cpu-count', '1'], 'invalid argument "1" for "--cpu-count" flag: only means something on Windows'],
])('%j is refused', async (flags, message) => {
  expect(await refused(...flags)).toBe(message);
});
