import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  detachContainer,
  findContainer,
  initialState,
  listContainers,
  readContainer,
  writeContainerRecord,
  writeState,
} from '../../../src/storage/container.ts';
import { releaseName, reserveName } from '../../../src/storage/container-name.ts';
import { containerConfigPath, containerLockPath } from '../../../src/storage/layout.ts';
import type { ContainerRecord } from '../../../src/storage/records.ts';
import type { Ctx } from '../../../src/sys/context.ts';
import { tryLock } from '../../../src/sys/lock.ts';

const root = mkdtempSync(join(tmpdir(), 'containers-'));
afterAll(() => rmSync(root, { recursive: true }));

function context(boot = 'boot-1'): Ctx {
  return {
    paths: { data: join(root, 'data'), run: join(root, 'run') },
    env: { SKIFF_BOOT_ID: boot },
    warn: () => undefined,
    now: () => new Date(0),
  };
}

function make(name: string, id: string): ContainerRecord {
  const ctx = context();
  reserveName(ctx, name, id);
  const record: ContainerRecord = JSON.parse(
    JSON.stringify({ version: 1, Id: id, Name: name, Config: {}, HostConfig: {}, Mounts: [], Layers: [] }),
  );
  writeContainerRecord(ctx, record);
  return record;
}

const idOf = (start: string): string => start.padEnd(64, '0');

test('a container is found by id, by unique prefix and by name, with or without slash', () => {
  make('web', idOf('abc1'));
  make('db', idOf('abd2'));
  for (const wanted of [idOf('abc1'), 'abc', 'web', '/web']) expect(findContainer(context(), wanted).record.Name).toBe('web');
});

test('an ambiguous prefix is refused in Docker’s words', () => {
  expect(() => findContainer(context(), 'ab')).toThrow('Multiple IDs found with provided prefix: ab');
});

test('a name wins over an id prefix', () => {
  make('abd', idOf('777'));
  expect(findContainer(context(), 'abd').record.Id).toBe(idOf('777'));
});

test('what is not there is named', () => {
  expect(() => findContainer(context(), 'nobody')).toThrow('No such container: nobody');
  expect(() => findContainer(context(), '../../etc')).toThrow('No such container: ../../etc');
});

test('a taken name is refused with its owner; one left by a creation that died is taken over', () => {
  expect(() => reserveName(context(), 'web', idOf('fff'))).toThrow(
    `Conflict. The container name "/web" is already in use by container "${idOf('abc1')}"`,
  );
  reserveName(context(), 'ghost', idOf('eee1'));
  reserveName(context(), 'ghost', idOf('eee2'));
  expect(() => releaseName(context(), 'ghost', idOf('eee1'))).not.toThrow();
  const creating = tryLock(containerLockPath(context(), idOf('eee2')));
  expect(() => reserveName(context(), 'ghost', idOf('eee3'))).toThrow('already in use');
  creating?.release();
});

test('a running container whose lock is free is shown as killed; after a reboot as 255', () => {
  const { Id } = make('runner', idOf('9a'));
  writeState(context(), Id, {
    ...initialState(context()),
    Status: 'running',
    Pid: 42,
    SupervisorPid: 41,
    StartedAt: '2026-01-01T00:00:00Z',
  });
  const lock = tryLock(containerLockPath(context(), Id));
  expect(readContainer(context(), Id)?.state).toMatchObject({ Status: 'running', Pid: 42 });
  expect(readContainer(context('boot-2'), Id)?.state).toMatchObject({ Status: 'exited', ExitCode: 255, Pid: 0 });
  lock?.release();
  expect(readContainer(context(), Id)?.state).toMatchObject({ Status: 'exited', ExitCode: 137, Pid: 0 });
});

test('an unreadable record is absent, and the others are listed', () => {
  const { Id } = make('broken', idOf('5b'));
  writeFileSync(containerConfigPath(context(), Id), '{"version":1,');
  expect(readContainer(context(), Id)).toBeUndefined();
  expect(listContainers(context()).map(({ record }) => record.Name)).toEqual(expect.arrayContaining(['web', 'db', 'runner']));
});

test('a removed container is out of sight at once and its name is free', () => {
  const record = make('leaver', idOf('6c'));
  mkdirSync(join(root, 'data/tmp'), { recursive: true });
  detachContainer(context(), record);
  expect(readContainer(context(), record.Id)).toBeUndefined();
  expect(() => make('leaver', idOf('6d'))).not.toThrow();
});
