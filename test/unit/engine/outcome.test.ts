// What a command says of a container that another command holds: it waits for the outcome, and tells that.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { removeContainer } from '../../../src/engine/remove.ts';
import { waitContainer } from '../../../src/engine/wait.ts';
import { detachContainer, initialState, writeContainerRecord, writeState } from '../../../src/storage/container.ts';
import { reserveName } from '../../../src/storage/container-name.ts';
import { containerDir, containerLockPath } from '../../../src/storage/layout.ts';
import type { ContainerRecord } from '../../../src/storage/records.ts';
import type { Ctx } from '../../../src/sys/context.ts';
import { type Lock, tryLock } from '../../../src/sys/lock.ts';

let root: string;
let ctx: Ctx;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-outcome-'));
  ctx = {
    paths: { data: join(root, 'data'), run: join(root, 'run') },
    env: { SKIFF_BOOT_ID: 'b' },
    warn: () => undefined,
    now: () => new Date(0),
  };
});
afterEach(() => rmSync(root, { recursive: true }));

const id = 'c0ffee'.padEnd(64, '0');

function make(): { record: ContainerRecord; held: Lock } {
  const record: ContainerRecord = JSON.parse(
    JSON.stringify({ version: 1, Id: id, Name: 'box', Config: {}, HostConfig: {}, Mounts: [], Layers: [] }),
  );
  reserveName(ctx, 'box', id);
  writeContainerRecord(ctx, record);
  mkdirSync(dirname(containerLockPath(ctx, id)), { recursive: true });
  const held = tryLock(containerLockPath(ctx, id));
  if (!held) throw new Error('The lock of a new container is held');
  return { record, held };
}

test('wait for a container that is removed as it ends says that it is not there, not a made-up exit code', async () => {
  const { record, held } = make();
  const waiting = waitContainer(ctx, 'box');
  await Bun.sleep(20);
  detachContainer(ctx, record);
  held.release();
  await expect(waiting).rejects.toThrow(`No such container: ${id}`);
});

test('rm of a container that another command holds without running it waits, and then removes it', async () => {
  const { held } = make();
  const removing = removeContainer(ctx, 'box');
  await Bun.sleep(20);
  expect(existsSync(containerDir(ctx, id))).toBe(true);
  held.release();
  await removing;
  expect(existsSync(containerDir(ctx, id))).toBe(false);
});

test('rm of a container that runs by the time the other command lets it is refused in Docker’s words', async () => {
  make();
  const removing = removeContainer(ctx, 'box');
  await Bun.sleep(20);
  writeState(ctx, id, { ...initialState(ctx), Status: 'running' });
  await expect(removing).rejects.toThrow(
    'cannot remove container "/box": container is running: stop the container before removing or force remove',
  );
});
