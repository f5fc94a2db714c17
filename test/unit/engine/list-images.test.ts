import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ListImagesOptions, listImageHeadViews, listImageViews } from '../../../src/engine/list-images.ts';
import { digestOf } from '../../../src/storage/digest.ts';
import { referencePath, writeImageRecord } from '../../../src/storage/image-record.ts';
import { blobPath, blobsDir, imageRecordPath, imageRecordsDir, refsDir } from '../../../src/storage/layout.ts';
import type { Ctx } from '../../../src/sys/context.ts';
import { DIGEST, imageConfig, imageRecord } from '../render/support/records.ts';

let folder: string;
let ctx: Ctx;
const ids: Record<string, string> = {};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'images-'));
  ctx = { paths: { data: folder, run: join(folder, 'run') }, env: {}, warn: () => {}, now: () => new Date('2024-01-02T03:04:05Z') };
  for (const path of [imageRecordsDir(ctx), refsDir(ctx), blobsDir(ctx)]) mkdirSync(path, { recursive: true });
  add('new', '2024-01-01T12:00:00Z', ['docker.io/library/nginx:latest', 'docker.io/library/nginx:1'], { tier: 'front' });
  add('mid', '2023-06-01T00:00:00Z', ['localhost:5000/x/y:v1'], {});
  add('old', '2020-01-01T00:00:00Z', [], {});
});
afterEach(() => rmSync(folder, { recursive: true }));

function add(name: string, created: string, references: string[], labels: Record<string, string>): void {
  const config = JSON.stringify(imageConfig({ created, config: { Labels: labels } }));
  const id = digestOf(config);
  ids[name] = id;
  writeFileSync(blobPath(ctx, id), config);
  writeImageRecord(ctx, imageRecord({ id, created, repoDigests: name === 'new' ? [`docker.io/library/nginx@${DIGEST}`] : [] }));
  for (const reference of references)
    writeFileSync(referencePath(ctx, reference), JSON.stringify({ version: 1, reference, id, taggedAt: created }));
}

const names = (options: ListImagesOptions = {}): string =>
  listImageHeadViews(ctx, options)
    .map(({ image, tags }) => tags.join('+') || Object.entries(ids).find(([, id]) => id === image.id)?.[0])
    .join(' ');

test('images come newest first, with familiar names', () => {
  expect(names()).toBe('nginx:1+nginx:latest localhost:5000/x/y:v1 old');
  expect(listImageViews(ctx)[0]?.digests).toEqual([`nginx@${DIGEST}`]);
});

test('what is read without its layers is otherwise the same', () => {
  const bracket = imageRecord({ id: digestOf('bracket'), repoDigests: [`nginx@${DIGEST}`] });
  writeImageRecord(ctx, { ...bracket, layers: [{ digest: DIGEST, diffId: DIGEST, mediaType: 'a],"b"', size: 1 }] });
  writeFileSync(imageRecordPath(ctx, digestOf('torn')), JSON.stringify({ ...bracket, id: digestOf('torn') }).slice(0, -30));
  const heads = listImageHeadViews(ctx);
  expect(heads.map((view) => ({ ...view, image: { ...view.image, layers: [] } }))).toEqual(
    listImageViews(ctx).map((view) => ({ ...view, image: { ...view.image, layers: [] } })),
  );
  expect(heads).toHaveLength(4);
});

test.each<[ListImagesOptions, string]>([
  [{ reference: 'nginx' }, 'nginx:1+nginx:latest'],
  [{ reference: 'nginx:1' }, 'nginx:1'],
  [{ reference: 'nope' }, ''],
  [{ filters: ['reference=*:v1'] }, ''],
  [{ filters: ['reference=*/*/*:v1'] }, 'localhost:5000/x/y:v1'],
  [{ filters: ['reference=nginx:1'], reference: 'localhost:5000/x/y' }, 'nginx:1 localhost:5000/x/y:v1'],
  [{ filters: ['dangling=true'] }, 'old'],
  [{ filters: ['dangling=false'] }, 'nginx:1+nginx:latest localhost:5000/x/y:v1'],
  [{ filters: ['label=tier'] }, 'nginx:1+nginx:latest'],
  [{ filters: ['label=tier=back'] }, ''],
  [{ filters: ['before=nginx'] }, 'localhost:5000/x/y:v1 old'],
  [{ filters: ['since=localhost:5000/x/y:v1'] }, 'nginx:1+nginx:latest'],
  [{ filters: ['until=24h'] }, 'localhost:5000/x/y:v1 old'],
  [{ filters: ['until=2022-01-01T00:00:00Z'] }, 'old'],
])('%j lists %p', (options, expected) => {
  expect(names(options)).toBe(expected);
});

test.each([
  ['dangling=x', "invalid filter 'dangling=x'"],
  ['foo=x', "invalid filter 'foo'"],
  ['before=nope', 'No such image: nope'],
  ['until=x', 'invalid value for "until"'],
])('the filter %s is refused', (filter, message) => {
  expect(() => names({ filters: [filter] })).toThrow(message);
});
