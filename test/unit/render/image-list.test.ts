import { timeFormatter } from '../../../src/render/go-time.ts';
import { type ImageListOptions, renderImageList } from '../../../src/render/image-list.ts';
import { DIGEST, imageRecord, NOW } from './support/records.ts';

const OPTIONS: ImageListOptions = { quiet: false, noTrunc: false, showDigests: false, format: undefined, now: NOW, env: { TZ: 'UTC' } };
const IMAGES = [
  { image: imageRecord(), tags: ['nginx:1.2', 'nginx:latest'], digests: [`nginx@${DIGEST}`] },
  { image: imageRecord({ id: `sha256:${'1'.repeat(64)}`, created: '', sizeBytes: 7_800_000 }), tags: [], digests: [] },
  { image: imageRecord({ id: `sha256:${'2'.repeat(64)}`, sizeBytes: 1 }), tags: [], digests: [`reg.io:5000/x/y@${DIGEST}`] },
];

const list = (changes: Partial<ImageListOptions> = {}): Promise<string> => renderImageList(IMAGES, { ...OPTIONS, ...changes });

test('a row per tag, and one for a repository known by digest only', async () => {
  expect(await list()).toBe(
    [
      'REPOSITORY        TAG       IMAGE ID       CREATED        SIZE',
      'nginx             1.2       0123456789ab   5 hours ago    192MB',
      'nginx             latest    0123456789ab   5 hours ago    192MB',
      '<none>            <none>    111111111111   54 years ago   7.8MB',
      'reg.io:5000/x/y   <none>    222222222222   5 hours ago    1B',
      '',
    ].join('\n'),
  );
});

test('--digests adds a column', async () => {
  const digests = (await list({ showDigests: true, format: '{{.Digest}}' })).trim().split('\n');
  expect(digests).toEqual([DIGEST, DIGEST, '<none>', DIGEST]);
  expect((await list({ showDigests: true })).split('\n')[0]).toMatch(/^REPOSITORY +TAG +DIGEST +IMAGE ID +CREATED +SIZE$/);
});

test('a template that shows digests gets those of tags', async () => {
  expect(await list({ format: '{{.Repository}}|{{.Digest}}' })).toBe(`nginx|${DIGEST}\nnginx|${DIGEST}\n<none>|<none>\nreg.io:5000/x/y|\n`);
});

test('--quiet prints an id per row, whole with --no-trunc', async () => {
  expect(await list({ quiet: true })).toBe('0123456789ab\n0123456789ab\n111111111111\n222222222222\n');
  expect((await list({ quiet: true, noTrunc: true })).split('\n')[2]).toBe(`sha256:${'1'.repeat(64)}`);
});

test('json has Docker’s fields', async () => {
  expect(JSON.parse((await list({ format: 'json' })).split('\n')[0] ?? '')).toEqual({
    Containers: 'N/A',
    CreatedAt: timeFormatter(OPTIONS.env)(Date.parse('2024-01-01T22:04:05Z')),
    CreatedSince: '5 hours ago',
    Digest: '<none>',
    ID: '0123456789ab',
    Repository: 'nginx',
    SharedSize: 'N/A',
    Size: '192MB',
    Tag: '1.2',
    UniqueSize: 'N/A',
    VirtualSize: '192MB',
  });
});

test('--format table with a template has titles', async () => {
  expect((await list({ format: 'table {{.ID}}\\t{{.CreatedAt}}\\t{{.VirtualSize}}' })).split('\n')[0]).toMatch(
    /^IMAGE ID {7}CREATED AT +SIZE$/,
  );
});

test('--format raw', async () => {
  expect((await list({ format: 'raw' })).split('\n\n')[0]).toBe(
    `repository: nginx\ntag: 1.2\nimage_id: 0123456789ab\ncreated_at: ${timeFormatter(OPTIONS.env)(Date.parse('2024-01-01T22:04:05Z'))}\nvirtual_size: 192MB`,
  );
});
