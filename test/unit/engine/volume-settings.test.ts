import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readVolumeSettings } from '../../../src/engine/volume-settings.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'skiff-settings-'));
  mkdirSync(join(home, '.config/skiff'), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

const read = (text?: string): number => {
  if (text !== undefined) writeFileSync(join(home, '.config/skiff/volumes.json'), text);
  return readVolumeSettings({ env: { HOME: home } }).keepRemovedMs;
};

test('a day without a file, and with one that says nothing', () => {
  expect([read(), read('{}')]).toEqual([86_400_000, 86_400_000]);
});

test.each([
  ['"1h30m"', 5_400_000],
  ['"7d"', 604_800_000],
  ['"0"', 0],
  ['0', 0],
  ['"0s"', 0],
])('keepRemoved %s is %d ms', (value, ms) => {
  expect(read(`{"keepRemoved": ${value}}`)).toBe(ms);
});

test.each([
  ['{', 'it is not JSON'],
  ['{"keep": "1h"}', 'it is not of the form {"keepRemoved": "24h"}'],
  ['{"keepRemoved": true}', 'it is not of the form {"keepRemoved": "24h"}'],
  ['{"keepRemoved": "soon"}', '"keepRemoved" is a time such as "24h" or "7d", or 0 for no trash, not "soon"'],
  ['{"keepRemoved": 24}', '"keepRemoved" is a time such as "24h" or "7d", or 0 for no trash, not "24"'],
  ['{"keepRemoved": "-1h"}', 'not "-1h"'],
])('%s is refused, and the file is named', (text, why) => {
  expect(() => read(text)).toThrow(why);
  expect(() => read(text)).toThrow(join(home, '.config/skiff/volumes.json'));
});
