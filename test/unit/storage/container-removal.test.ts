import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listContainers, rewriteRecord, writeContainerRecord } from '../../../src/storage/container.ts';
import { reserveName } from '../../../src/storage/container-name.ts';
import { removeContainer } from '../../../src/storage/container-removal.ts';
import { containerConfigPath, containerDir, namesDir, volumeDir } from '../../../src/storage/layout.ts';
import type { ContainerRecord, MountPoint } from '../../../src/storage/records.ts';
import { createVolume } from '../../../src/storage/volume.ts';
import type { Ctx } from '../../../src/sys/context.ts';

let root: string;
let ctx: Ctx;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-removal-'));
  ctx = {
    paths: { data: join(root, 'data'), run: join(root, 'run') },
    env: { SKIFF_BOOT_ID: 'b' },
    warn: () => undefined,
    now: () => new Date(0),
  };
});
afterEach(() => rmSync(root, { recursive: true }));

function make(name: string, mounts: Partial<MountPoint>[] = []): ContainerRecord {
  const id = Buffer.from(name).toString('hex').padEnd(64, '0');
  const record: ContainerRecord = JSON.parse(
    JSON.stringify({ version: 1, Id: id, Name: name, Config: {}, HostConfig: {}, Mounts: mounts, Layers: [] }),
  );
  reserveName(ctx, name, id);
  writeContainerRecord(ctx, record);
  return record;
}

const anonymous = (): string => createVolume(ctx, {}).volume.Name;
const made = (Name: string): Partial<MountPoint> => ({ Type: 'volume', Anonymous: true, Name });
const isThere = (volume: string): boolean => existsSync(volumeDir(ctx, volume));

test('an anonymous volume goes with its container, one that another container names stays', () => {
  const [own, shared] = [anonymous(), anonymous()];
  const maker = make('maker', [made(own), made(shared)]);
  make('user', [{ Type: 'volume', Name: shared }]);
  removeContainer(ctx, maker, { volumes: true });
  expect([own, shared].map(isThere)).toEqual([false, true]);
});

test('no volume is removed while the record of another container cannot be read', () => {
  const own = anonymous();
  const maker = make('maker', [made(own)]);
  writeFileSync(containerConfigPath(ctx, make('broken').Id), '{');
  removeContainer(ctx, maker, { volumes: true });
  expect(isThere(own)).toBe(true);
});

test('a container that was renamed since it was looked at frees the name that it has now', () => {
  const record = make('old');
  reserveName(ctx, 'new', record.Id);
  rewriteRecord(ctx, { ...record, Name: 'new' });
  removeContainer(ctx, record, { volumes: false });
  expect(readdirSync(namesDir(ctx))).toEqual([]);
});

test('rewriting the record of a removed container does not bring it back', () => {
  const record = make('gone');
  removeContainer(ctx, record, { volumes: false });
  expect(() => rewriteRecord(ctx, { ...record, Name: 'back' })).toThrow('ENOENT');
  expect([existsSync(containerDir(ctx, record.Id)), listContainers(ctx)]).toEqual([false, []]);
});
