import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerPorts } from '../../../src/engine/container-ports.ts';
import { inspectObject } from '../../../src/engine/inspect.ts';
import { type ListContainersOptions, listContainerViews } from '../../../src/engine/list-containers.ts';
import { readContainerLog } from '../../../src/engine/logs.ts';
import { openLogWriter } from '../../../src/runtime/log-writer.ts';
import { writeImageRecord } from '../../../src/storage/image-record.ts';
import { containerDir, containerLockPath, containerLogPath, imageRecordsDir, locksDir, namesDir } from '../../../src/storage/layout.ts';
import type { ContainerRecord, ContainerState } from '../../../src/storage/records.ts';
import { bootId } from '../../../src/sys/boot.ts';
import type { Ctx } from '../../../src/sys/context.ts';
import { type Lock, tryLock } from '../../../src/sys/lock.ts';
import { containerRecord, containerState, IMAGE_ID, imageRecord, STOPPED } from '../render/support/records.ts';

let folder: string;
let ctx: Ctx;
let locks: Lock[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'list-'));
  ctx = {
    paths: { data: join(folder, 'data'), run: join(folder, 'run') },
    env: {},
    warn: () => {},
    now: () => new Date('2024-01-02T03:04:05Z'),
  };
  mkdirSync(namesDir(ctx), { recursive: true });
  mkdirSync(locksDir(ctx), { recursive: true });
  mkdirSync(imageRecordsDir(ctx), { recursive: true });
  locks = [];
  add('old', 1, STOPPED, { Created: '2024-01-01T00:00:00Z' });
  add('mid', 2, { ...STOPPED, ExitCode: 0 }, { Created: '2024-01-01T10:00:00.2Z' });
  add('new', 3, {}, { Created: '2024-01-01T10:00:00.25Z' });
});
afterEach(() => {
  for (const lock of locks) lock.release();
  rmSync(folder, { recursive: true });
});

/** A container with an id of one digit repeated; it runs if its state says so. */
function add(name: string, digit: number, state: Partial<ContainerState>, record: Partial<ContainerRecord>): void {
  const id = String(digit).repeat(64);
  mkdirSync(join(containerDir(ctx, id), 'upper/sub'), { recursive: true });
  const whole = containerState({ BootId: bootId(ctx.env), ...state });
  writeFileSync(join(containerDir(ctx, id), 'config.json'), JSON.stringify(containerRecord({ Id: id, Name: name, ...record })));
  writeFileSync(join(containerDir(ctx, id), 'state.json'), JSON.stringify(whole));
  symlinkSync(id, join(namesDir(ctx), name));
  if (whole.Status !== 'running') return;
  const lock = tryLock(containerLockPath(ctx, id));
  if (lock) locks.push(lock);
}

const names = (options: ListContainersOptions = {}): string =>
  listContainerViews(ctx, options)
    .map(({ record }) => record.Name)
    .join(' ');

test.each<[ListContainersOptions, string]>([
  [{}, 'new'],
  [{ all: true }, 'new mid old'],
  [{ last: 2 }, 'new mid'],
  [{ last: -1 }, 'new'],
  [{ all: true, filters: ['name=o'] }, 'old'],
  [{ all: true, filters: ['name=^/new$'] }, 'new'],
  [{ all: true, filters: ['name=new', 'name=old'] }, 'new old'],
  [{ all: true, filters: ['id=22'] }, 'mid'],
  [{ filters: ['status=exited'] }, 'mid old'],
  [{ filters: ['status=exited', 'status=running'] }, 'new mid old'],
  [{ all: true, filters: ['exited=3'] }, 'old'],
  [{ all: true, filters: ['before=mid'] }, 'old'],
  [{ all: true, filters: ['since=old'] }, 'new mid'],
  [{ all: true, filters: ['since=old', 'before=new'] }, 'mid'],
  [{ all: true, filters: ['label=a=1'] }, 'new mid old'],
  [{ all: true, filters: ['label=a=2'] }, ''],
  [{ all: true, filters: ['volume=/srv'] }, 'new mid old'],
  [{ all: true, filters: ['volume=a-rather-long-name'] }, 'new mid old'],
  [{ all: true, filters: ['network=host'] }, ''],
  [{ all: true, filters: ['network=bridge'] }, 'new mid old'],
  [{ all: true, filters: ['publish=80'] }, 'new'],
  [{ all: true, filters: ['publish=70-90/tcp'] }, 'new'],
  [{ all: true, filters: ['publish=80/udp'] }, ''],
  [{ all: true, filters: ['expose=443'] }, 'new mid old'],
  [{ all: true, filters: ['health=none'] }, 'new mid old'],
  [{ all: true, filters: ['health=healthy'] }, ''],
  [{ all: true, filters: ['is-task=true'] }, ''],
  [{ all: true, filters: ['is-task=false'] }, 'new mid old'],
  [{ all: true, filters: ['ancestor=nothing'] }, ''],
  [{ all: true, last: 1, filters: ['name=o|mid'] }, 'mid'],
])('%j lists %p', (options, expected) => {
  expect(names(options)).toBe(expected);
});

test.each([
  ['status=bad', "invalid filter 'status=bad'"],
  ['health=bad', "invalid filter 'health=bad'"],
  ['exited=x', "invalid filter 'exited=x'"],
  ['publish=x', "invalid filter 'publish=x'"],
  ['before=nobody', 'No such container: nobody'],
])('the filter %s is refused', (filter, message) => {
  expect(() => names({ all: true, filters: [filter] })).toThrow(message);
});

test('an ancestor is the image itself, by id, or one whose layers the container’s begin with', () => {
  writeImageRecord(ctx, imageRecord());
  const layer = (diffId: string) => ({ digest: `sha256:${'c'.repeat(64)}`, diffId: `sha256:${diffId.repeat(64)}`, mediaType: '', size: 1 });
  writeImageRecord(ctx, imageRecord({ id: `sha256:${'8'.repeat(64)}`, layers: [layer('a')] }));
  writeImageRecord(ctx, imageRecord({ id: `sha256:${'9'.repeat(64)}`, layers: [layer('b')] }));
  add('built', 4, STOPPED, { Image: `sha256:${'7'.repeat(64)}`, Layers: [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`] });
  expect(names({ all: true, filters: [`ancestor=${IMAGE_ID}`] })).toBe('new mid old');
  expect(names({ all: true, filters: ['ancestor=88888888'] })).toBe('built');
  expect(names({ all: true, filters: ['ancestor=99999999'] })).toBe('');
});

test('an image is shown by its id when its name is gone', () => {
  expect(listContainerViews(ctx).map(({ image }) => image)).toEqual([IMAGE_ID]);
});

test('sizes count what the container wrote, and its image', () => {
  writeImageRecord(ctx, imageRecord({ sizeBytes: 1000 }));
  writeFileSync(join(containerDir(ctx, '3'.repeat(64)), 'upper/sub/file'), '12345');
  expect(listContainerViews(ctx, { size: true })[0]?.size).toEqual({ sizeRw: 5, sizeRootFs: 1005 });
});

test('ports are listed by number, or one of them asked for', () => {
  expect(containerPorts(ctx, 'new')).toEqual([
    {
      port: '80/tcp',
      bindings: [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
    },
  ]);
  expect(containerPorts(ctx, 'new', '80')).toEqual(containerPorts(ctx, 'new', '80/tcp'));
  expect(() => containerPorts(ctx, 'new', '81')).toThrow("No public port '81' published for new");
  expect(() => containerPorts(ctx, 'new', '80/udp')).toThrow("No public port '80/udp' published for new");
  expect(() => containerPorts(ctx, 'new', 'abc')).toThrow('Invalid port (abc)');
});

test('an object that is not there is named by its kind', () => {
  expect(() => inspectObject(ctx, 'nope')).toThrow('No such object: nope');
  expect(() => inspectObject(ctx, 'nope', { type: 'container' })).toThrow('No such container: nope');
  expect(() => inspectObject(ctx, 'nope', { type: 'image' })).toThrow('No such image: nope');
  expect(() => inspectObject(ctx, 'new', { type: 'image' })).toThrow('No such image: new');
});

test('a container is inspected with what hides its paths', () => {
  const facts = (name: string) => {
    const found = inspectObject(ctx, name);
    return found.type === 'container' ? found.facts : undefined;
  };
  expect(facts('new')?.maskedPaths).toContain('/proc/kcore');
  add('open', 5, STOPPED, { HostConfig: { ...containerRecord().HostConfig, SecurityOpt: ['systempaths=unconfined'] } });
  expect(facts('open')?.maskedPaths).toBeUndefined();
});

test('a log is read until the container stops', async () => {
  const log = openLogWriter(containerLogPath(ctx, '3'.repeat(64)));
  log.write('stdout', Buffer.from('first\n'));
  const seen: string[] = [];
  await readContainerLog(ctx, 'new', { follow: true, tail: '1' }, (entries) => {
    seen.push(...entries.map((entry) => entry.log));
    if (seen.length > 1) return;
    log.write('stdout', Buffer.from('last\n'));
    log.close();
    for (const lock of locks.splice(0)) lock.release();
  });
  expect(seen).toEqual(['first\n', 'last\n']);
});

test('a log that nobody keeps is refused', async () => {
  add('quiet', 6, STOPPED, { HostConfig: { ...containerRecord().HostConfig, LogConfig: { Type: 'none', Config: {} } } });
  await expect(readContainerLog(ctx, 'quiet', {}, () => {})).rejects.toThrow('Configured logging driver does not support reading');
  await expect(readContainerLog(ctx, 'new', { tail: 'x' }, () => {})).rejects.toThrow('Invalid value "x" for --tail');
  await expect(readContainerLog(ctx, 'new', { since: 'x' }, () => {})).rejects.toThrow('invalid value for "since"');
});
