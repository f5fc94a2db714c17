// A commit, in this process, while others remove what it is made of.
import { existsSync, mkdirSync } from 'node:fs';
import { commit } from '../../../../src/engine/jobs/commit.ts';
import type { CommitJob } from '../../../../src/runtime/messages-files.ts';
import { writeContainerRecord } from '../../../../src/storage/container.ts';
import { removeReference } from '../../../../src/storage/image.ts';
import { deleteImageRecord, readImageRecord } from '../../../../src/storage/image-record.ts';
import { blobPath, tmpDir } from '../../../../src/storage/layout.ts';
import type { ContainerConfig, ContainerRecord, HostConfig, ImageRecord } from '../../../../src/storage/records.ts';
import { sweep } from '../../../../src/storage/sweep.ts';
import { storeImage } from '../../storage/image-fixture.ts';
import { testStore } from '../../storage/tar-fixture.ts';

const NAME = 'docker.io/library/base:latest';
const ID = 'c'.repeat(64);

let store: ReturnType<typeof testStore>;
beforeEach(() => {
  store = testStore();
  mkdirSync(tmpDir(store.ctx), { recursive: true });
});
afterEach(() => store.remove());

/** A container of `image` that has changed nothing. */
function makeContainer(image: ImageRecord): void {
  const Config: Partial<ContainerConfig> = { Image: 'base', Env: [], Cmd: ['true'], Labels: {} };
  const record: Partial<ContainerRecord> = {
    version: 1,
    Id: ID,
    Name: 'changed',
    Image: image.id,
    Layers: image.layers.map(({ diffId }) => diffId),
    Mounts: [],
    Driver: 'overlay',
    Config: Config as ContainerConfig,
    HostConfig: {} as HostConfig,
  };
  writeContainerRecord(store.ctx, record as ContainerRecord);
}

/** As `rmi -f`. */
function removeImage({ id, manifest, layers }: ImageRecord): void {
  removeReference(store.ctx, NAME);
  deleteImageRecord(store.ctx, id);
  sweep(store.ctx, { released: new Set([id, manifest.digest, ...layers.flatMap(({ digest, diffId }) => [digest, diffId])]) });
}

const job = { kind: 'commit', container: ID, config: { Env: [], Cmd: ['true'], Labels: {} }, author: '', comment: '' } satisfies CommitJob;
const signal = new AbortController().signal;

test('the image of a container whose base is removed by force meanwhile can still be pushed: it has every blob', async () => {
  const base = storeImage(store.ctx, NAME, ['one', 'two']);
  makeContainer(base);
  const { id } = await commit(store.ctx, job, { signal, tellRead: () => removeImage(base) });
  const made = readImageRecord(store.ctx, id);
  expect(readImageRecord(store.ctx, base.id)).toBeUndefined();
  expect(made?.layers.map(({ diffId }) => diffId)).toEqual(base.layers.map(({ diffId }) => diffId));
  expect(made?.layers.filter(({ digest }) => !existsSync(blobPath(store.ctx, digest)))).toEqual([]);
});

test('a container whose base is gone is not committed, and nothing new is there', async () => {
  const base = storeImage(store.ctx, NAME, ['one']);
  makeContainer(base);
  removeImage(base);
  await expect(commit(store.ctx, job, { signal, tellRead: () => undefined })).rejects.toMatchObject({ code: 'ERR_NO_SUCH_IMAGE' });
});
