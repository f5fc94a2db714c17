// A container's whole file system as an archive: the same files that the container sees, whatever the driver, running or not.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TarHeader } from '../../src/storage/tar-header.ts';
import { entriesOf, exported } from './support/archive.ts';
import { eventsOf } from './support/events.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const unusual = image('unusual');

beforeAll(async () => {
  for (const name of [busybox, unusual]) await box.ok(['pull', '--quiet', name]);
});

/** Name → type, mode, owner, size, seconds: as the container sees its root, without what is mounted there. */
async function seen(name: string): Promise<string[]> {
  const script = 'find / -xdev ! -path / -exec stat -c "%n|%F|%a|%u|%g|%s|%Y" {} +';
  const lines = (await box.ok(['exec', name, 'sh', '-c', script])).split('\n');
  const mounted = /^\/(?:proc|sys|dev|data(?:\/volume)?|etc\/hosts|etc\/hostname|etc\/resolv\.conf)\|/;
  return lines
    .filter((line) => !mounted.test(line))
    .map((line) => line.replace(/^(.*\|directory\|.*\|)\d+(\|\d+)$/, '$1-$2'))
    .sort();
}

const KINDS: Record<string, string> = { '0': 'regular file', '2': 'symbolic link', '5': 'directory', '6': 'fifo' };

function told(entries: Map<string, TarHeader>): string[] {
  return [...entries.values()]
    .map((entry) => ({ ...entry, ...(entry.type === '1' ? { ...entries.get(entry.linkName), name: entry.name } : {}) }))
    .filter(({ name }) => !/^(?:proc|sys|dev|data|etc\/hosts|etc\/hostname|etc\/resolv\.conf)\/?$/.test(name))
    .map(({ name, type, mode, uid, gid, size, linkName, mtimeSeconds }) => {
      const kind = type === '0' && size === 0 ? 'regular empty file' : KINDS[type];
      const bytes = type === '5' ? '-' : type === '2' ? linkName.length : size;
      return `/${name.replace(/\/$/, '')}|${kind}|${mode.toString(8)}|${uid}|${gid}|${bytes}|${mtimeSeconds}`;
    })
    .sort();
}

const CHANGES =
  'mkdir -p /made/deep; echo one >/made/deep/one; ln /made/deep/one /made/two; ln -s ../made /made/away; mkfifo /made/pipe; rm /etc/passwd; rm -rf /home; mkdir /home; chown 7:8 /home; chmod 4755 /made/deep/one; echo secret >/data/volume';

describe.each(['overlay', 'fuse-overlayfs', 'copy'])('with the storage driver %s', (driver) => {
  const name = `from-${driver}`;

  test('a running container is exported as it sees itself, and stopped just the same', async () => {
    const flags = ['--storage-driver', driver, '--name', name, '-v', '/data'];
    await box.ok(['run', '-d', '--network', 'none', ...flags, busybox, 'sh', '-c', `${CHANGES}; touch /ready; exec sleep 1000`]);
    await box.ok(['exec', name, 'sh', '-c', 'while [ ! -e /ready ]; do sleep 0.1; done']);
    const archive = await exported(box, name);
    const entries = entriesOf(archive);
    expect(told(entries)).toEqual(await seen(name));
    expect(entries.get('made/deep/one')?.body).toBe('one\n');
    expect([entries.get('made/two')?.type, entries.get('made/two')?.linkName]).toEqual(['1', 'made/deep/one']);
    expect(entries.has('data/')).toBe(true);
    expect([...entries.keys()].filter((key) => key.startsWith('data/'))).toEqual(['data/']);
    expect([...entries.keys()].filter((key) => key.startsWith('home/'))).toEqual(['home/']);
    await box.ok(['stop', '-t', '0', name]);
    expect(Buffer.from(await exported(box, name)).equals(Buffer.from(archive))).toBe(true);
  });
});

test('an image of many owners, names and attributes comes out as it is', async () => {
  const id = await box.ok(['create', '--name', 'odd', unusual, 'true']);
  const entries = entriesOf(await exported(box, 'odd'));
  const running = await box.ok(['run', '-d', '--network', 'none', '--name', 'odd-runs', unusual, 'sleep', '1000']);
  expect(running).not.toBe(id);
  expect([...entries.values()].some(({ xattrs }) => xattrs !== undefined)).toBe(true);
  expect(new Set([...entries.values()].map(({ uid }) => uid)).size).toBeGreaterThan(1);
  expect([...entries.keys()].join('')).not.toContain('.wh.');
});

test('-o writes a file that appears whole, for nobody else to read, and replaces one that is there', async () => {
  const file = join(box.files, 'out.tar');
  writeFileSync(file, 'old');
  expect(await box.skiff(['export', '--output', 'out.tar', 'odd'])).toEqual({ stdout: '', stderr: '', code: 0 });
  const archive = await exported(box, 'odd');
  expect(readFileSync(file).equals(Buffer.from(archive))).toBe(true);
  expect(readdirSync(box.files)).toEqual(['out.tar']);
});

test('an export is an event', async () => {
  const id = await box.ok(['inspect', '--format', '{{.Id}}', 'odd']);
  expect(eventsOf(box, id).map(([action]) => action)).toContain('export');
});

test('a reader that leaves early ends it quietly', async () => {
  const child = box.start(['export', 'odd-runs']);
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const [code, stderr] = [await child.exited, await new Response(child.stderr).text()];
  expect(stderr).toBe('');
  expect([0, 141]).toContain(code);
});

test('a terminal is refused in Docker’s words', async () => {
  const terminal = box.terminal(['export', 'odd']);
  expect(await terminal.process.exited).toBe(1);
  expect(terminal.output()).toContain('cowardly refusing to save to a terminal. Use the -o flag or redirect');
});

describe('refuses in one sentence, and writes nothing:', () => {
  test.each([
    [['nobody'], 'skiff: No such container: nobody'],
    [['-o', 'no/such/folder.tar', 'odd'], 'skiff: failed to export container: invalid output path: directory "no/such" does not exist'],
    [['-o', '.', 'odd'], 'skiff: failed to export container: invalid output path: "." is a directory'],
    [
      ['-o', '/dev/null', 'odd'],
      'skiff: failed to export container: invalid output path: "/dev/null" must be a directory or a regular file',
    ],
    [
      ['-o', '/proc/out.tar', 'odd'],
      'skiff: failed to export container: invalid output path: cannot write "/proc/out.tar" (its folder takes no new files)',
    ],
    [['-o', 'x.tar', 'nobody'], 'skiff: No such container: nobody'],
  ])('%p', async (args, said) => {
    const before = readdirSync(box.files);
    const { stdout, stderr, code } = await box.skiff(['export', ...args]);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr.slice(0, said.length)).toBe(said);
    expect(readdirSync(box.files)).toEqual(before);
  });
});

const disk = process.env.SKIFF_TEST_SMALL_DISK;

(disk ? test : test.skip)('a full disk leaves nothing, and what was there before stays (needs root to make one)', async () => {
  const folder = join(disk ?? '', 'exports');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'out.tar'), 'before');
  await box.ok(['run', '--network', 'none', '--name', 'big', busybox, 'dd', 'if=/dev/urandom', 'of=/big', 'bs=1M', 'count=40'], {
    timeoutMs: 120_000,
  });
  const { stderr, code } = await box.skiff(['export', '-o', join(folder, 'out.tar'), 'big'], { timeoutMs: 120_000 });
  expect(stderr).toContain(`No space left on device writing "${join(folder, 'out.tar')}"`);
  expect(code).toBe(1);
  expect(readdirSync(folder)).toEqual(['out.tar']);
  expect(readFileSync(join(folder, 'out.tar'), 'utf8')).toBe('before');
});

test('Ctrl-C leaves no part of a file', async () => {
  await box.ok(['run', '--network', 'none', '--name', 'long', busybox, 'dd', 'if=/dev/zero', 'of=/zeros', 'bs=1M', 'count=300'], {
    timeoutMs: 120_000,
  });
  const child = box.start(['export', '-o', 'cut.tar', 'long']);
  for (let tries = 0; tries < 600 && !readdirSync(box.files).some((file) => file.includes('cut.tar')); tries++) await Bun.sleep(10);
  child.kill('SIGINT');
  const code = await child.exited;
  // On a fast disk it may be done by then.
  if (code !== 0) expect({ code, isThere: existsSync(join(box.files, 'cut.tar')) }).toEqual({ code: 130, isThere: false });
  expect(readdirSync(box.files).filter((file) => file.startsWith('.cut'))).toEqual([]);
});
