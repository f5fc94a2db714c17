// Layers on top of others become one. What is read is what the unpacker made of real archives.
import { packSquashed } from '../../../src/storage/squash-layers.ts';
import { createTarReader } from '../../../src/storage/tar-reader.ts';
import { createTarWriter } from '../../../src/storage/tar-writer.ts';
import { type FixtureEntry, file, folder, hardLink, symlink, tar, testStore, unpack } from './tar-fixture.ts';

const store = testStore();
afterAll(store.remove);
const { ctx } = store;

const layer = (entries: FixtureEntry[]): string => unpack(ctx, tar(entries)).diffId;

/** Names and contents of the squashed layer, in order. */
async function squashedOf(lower: FixtureEntry[][], upper: FixtureEntry[][]): Promise<[string, string][]> {
  const chunks: Buffer[] = [];
  const writer = createTarWriter((chunk) => void chunks.push(Buffer.from(chunk)));
  const options = { lower: lower.map(layer), upper: upper.map(layer), onPause: async () => undefined };
  const count = await packSquashed(ctx, writer, options);
  writer.end();
  const found: [string, string][] = [];
  const reader = createTarReader({
    entry: ({ name, linkName, type }) => void found.push([name, type === '0' || type === '5' ? '' : `${type} ${linkName}`]),
    content: (data, from, to) => {
      const last = found.at(-1);
      if (last) last[1] += data.toString('latin1', from, to);
    },
    entryEnd: () => undefined,
  });
  for (const chunk of chunks) reader.write(chunk);
  expect(found).toHaveLength(count);
  return found;
}

test('what was made and deleted again is not there, what changed twice is there once', async () => {
  const squashed = await squashedOf(
    [[file('base', 'b')]],
    [
      [file('a', '1'), file('gone', 'x'), symlink('link', 'a')],
      [file('a', '2'), file('.wh.gone')],
    ],
  );
  expect(squashed).toEqual([
    ['a', '2'],
    ['link', '2 a'],
  ]);
});

test('what is deleted of the layers below stays deleted, in folders of theirs too', async () => {
  const squashed = await squashedOf(
    [[folder('d/'), file('d/old', 'o'), file('d/kept', 'k'), file('top', 't')]],
    [[folder('d/'), file('d/.wh.old'), file('d/new', 'n')], [file('.wh.top')]],
  );
  expect(squashed).toEqual([
    ['d/', ''],
    ['d/new', 'n'],
    ['d/.wh.old', ''],
    ['.wh.top', ''],
  ]);
});

test('a folder that replaces one below hides what that held', async () => {
  const squashed = await squashedOf([[folder('d/'), file('d/old', 'o')]], [[file('.wh.d')], [folder('d/'), file('d/new', 'n')]]);
  expect(squashed).toEqual([
    ['d/', ''],
    ['d/.wh..wh..opq', ''],
    ['d/new', 'n'],
  ]);
});

test('a folder in place of a file below, and a file in place of a folder', async () => {
  const squashed = await squashedOf(
    [[file('f', 'x'), folder('d/'), file('d/in', 'i')]],
    [[folder('f/'), file('f/in', 'i'), file('d', 'now a file')]],
  );
  expect(squashed).toEqual([
    ['d', 'now a file'],
    ['f/', ''],
    ['f/in', 'i'],
  ]);
});

test('names of one file stay names of one file; one whose first name is hidden keeps its content', async () => {
  const squashed = await squashedOf([], [[file('one', 'same'), hardLink('two', 'one'), hardLink('three', 'one')], [file('one', 'other')]]);
  expect(squashed).toEqual([
    ['one', 'other'],
    ['three', 'same'],
    ['two', '1 three'],
  ]);
});

test('layers that undo each other leave nothing', async () => {
  expect(await squashedOf([[file('base')]], [[file('a')], [file('.wh.a')]])).toEqual([]);
});
