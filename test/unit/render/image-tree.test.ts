import { renderImageTree } from '../../../src/render/image-tree.ts';
import { IMAGE_ID } from './support/records.ts';

const IMAGE = {
  names: ['app:1', 'registry.example/team/app:latest'],
  id: IMAGE_ID,
  diskUsage: 5_000_000,
  contentSize: 1_000_000,
  isUsed: true,
  platforms: [
    { platform: 'linux/amd64', id: IMAGE_ID, here: { diskUsage: 5_000_000, contentSize: 1_000_000, isUsed: true } },
    { platform: 'linux/arm64/v8', id: `sha256:${'a'.repeat(64)}` },
  ],
};

test('names stand above one another, platforms below; what is not here takes nothing', () => {
  expect(renderImageTree([IMAGE], { columns: 120, noTrunc: false })).toBe(
    [
      'IMAGE                              ID             DISK USAGE   CONTENT SIZE   USED',
      'app:1',
      'registry.example/team/app:latest   0123456789ab          5MB            1MB   ✔',
      '├─ linux/amd64                     0123456789ab          5MB            1MB   ✔',
      '└─ linux/arm64/v8                  aaaaaaaaaaaa           0B             0B',
      '',
    ].join('\n'),
  );
});

test('a narrow terminal loses columns, then the ends of names', () => {
  const lines = renderImageTree([IMAGE], { columns: 40, noTrunc: false }).split('\n');
  expect(lines[0]).toBe('IMAGE          ID             DISK USAGE');
  expect(lines[2]).toBe('registry.ex…   0123456789ab          5MB');
});

test('an image without names and platforms, untruncated', () => {
  const bare = { ...IMAGE, names: [], platforms: [], isUsed: false };
  expect(renderImageTree([bare], { columns: 40, noTrunc: true }).split('\n')[1]).toBe(
    `<untagged>   ${IMAGE_ID}          5MB            1MB`,
  );
});
