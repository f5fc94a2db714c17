// Expected layouts are those of `docker ps --format`.
import { alignTable, ellipsis, shortId } from '../../../src/render/table.ts';

test.each([
  ['a column is ten wide at least', ['NAMES\tID', 'web\tabc'], 'NAMES     ID\nweb       abc\n'],
  ['three spaces follow the widest cell', ['A\tB', '0123456789ab\tx'], 'A              B\n0123456789ab   x\n'],
  ['an empty column keeps its width', ['NAMES\t\tID', 'web\t\tabc'], 'NAMES               ID\nweb                 abc\n'],
  ['a line without the column parts it', ['NAMES', 'CONTAINER ID\tx', 'web', 'a\tx'], 'NAMES\nCONTAINER ID   x\nweb\na         x\n'],
  ['wide characters count twice', ['コンテナです\tx', 'a\ty'], 'コンテナです   x\na              y\n'],
  ['nothing is nothing', [], ''],
])('%s', (_, lines, expected) => {
  expect(alignTable(lines)).toBe(expected);
});

test.each([
  ['short', 20, 'short'],
  ['exactly twenty chars', 20, 'exactly twenty chars'],
  ['one more than twenty!', 20, 'one more than twent…'],
  ['コンテナ', 5, 'コン…'],
])('%p cut to %d columns is %p', (text, width, expected) => {
  expect(ellipsis(text, width)).toBe(expected);
});

test('an id is shown by twelve digits, without its algorithm', () => {
  expect(shortId(`sha256:${'0123456789abcdef'.repeat(4)}`)).toBe('0123456789ab');
  expect(shortId('0123456789abcdef')).toBe('0123456789ab');
});
