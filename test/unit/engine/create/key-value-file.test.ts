import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKeyValueFile } from '../../../../src/engine/create/key-value-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'skiff-env-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'file');
const lookup = (name: string): string | undefined => ({ HERE: 'v', EMPTY: '' })[name];

function read(content: string | Uint8Array, kind: 'env file' | 'label file' = 'env file') {
  writeFileSync(path, content);
  return readKeyValueFile(kind === 'env file' ? { path, kind, lookup } : { path, kind });
}

test.each([
  ['A=1\nB=2\n', ['A=1', 'B=2']],
  ['# no\n\n  A=1 # kept\n', ['A=1 # kept']],
  ['A="quoted"\nB=x=y\nC=\n', ['A="quoted"', 'B=x=y', 'C=']],
  ['\uFEFFA=1\r\nB=2\r\n', ['A=1', 'B=2']],
  ['HERE\nEMPTY\nGONE\n', ['HERE=v', 'EMPTY=']],
  ['', []],
])('%j', (content, expected) => {
  expect(read(content)).toEqual(expected);
});

test('a label without a value is kept as it is', () => {
  expect(read('GONE\n', 'label file')).toEqual(['GONE']);
});

test.each([
  ['A B=1', `Invalid env file (${path}): variable 'A B' contains whitespaces`],
  ['A =1', `Invalid env file (${path}): variable 'A ' contains whitespaces`],
  ['=x', `Invalid env file (${path}): no variable name on line '=x'`],
])('%j is refused', (content, message) => {
  expect(() => read(content)).toThrow(expect.objectContaining({ message, exitCode: 125 }));
});

test('bytes that are no UTF-8 are refused', () => {
  expect(() => read(Uint8Array.of(65, 61, 255))).toThrow(`Invalid env file (${path}): invalid utf8 bytes`);
});

test('a missing file is named', () => {
  expect(() => readKeyValueFile({ path: '/nowhere/file', kind: 'env file' })).toThrow('Open /nowhere/file: no such file or directory');
});
