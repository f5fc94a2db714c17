import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timeFormatter, zoneNames } from '../../../src/render/go-time.ts';

test('a time names its offset and zone, and reads back as itself', () => {
  const time = Date.UTC(2024, 0, 2, 3, 4, 5, 678);
  const [, date, clock, hours, minutes] = /^(\S+) (\S+) ([+-]\d\d)(\d\d) \S+$/.exec(timeFormatter({})(time)) ?? [];
  expect(Date.parse(`${date}T${clock}${hours}:${minutes}`)).toBe(time - 678);
});

/** A zone file, version 1 block and footer (RFC 8536), without transitions. */
function zoneFile(types: [offset: number, name: string][], footer: string): Buffer {
  const header = Buffer.alloc(44);
  header.write('TZif2');
  const names = types.map(([, name]) => `${name}\0`).join('');
  header.writeUInt32BE(types.length, 36);
  header.writeUInt32BE(names.length, 40);
  const records = types.map(([offset], index) => {
    const record = Buffer.alloc(6);
    record.writeInt32BE(offset, 0);
    record[5] = types.slice(0, index).reduce((sum, [, name]) => sum + name.length + 1, 0);
    return record;
  });
  return Buffer.concat([header, ...records, Buffer.from(names), Buffer.from(`\n${footer}\n`)]);
}

test.each<[string, [number, string][], string, [number, string][]]>([
  [
    'types of the file',
    [
      [0, 'GMT'],
      [3600, 'BST'],
    ],
    '',
    [
      [0, 'GMT'],
      [3600, 'BST'],
    ],
  ],
  [
    'the rule at its end',
    [[0, 'LMT']],
    'CET-1CEST,M3.5.0,M10.5.0/3',
    [
      [0, 'LMT'],
      [3600, 'CET'],
      [7200, 'CEST'],
    ],
  ],
  [
    'west of Greenwich',
    [],
    'EST5EDT,M3.2.0,M11.1.0',
    [
      [-18000, 'EST'],
      [-14400, 'EDT'],
    ],
  ],
  ['half hours and numeric names', [], '<+0530>-5:30', [[19800, '+0530']]],
])('names come from %s', (_, types, footer, expected) => {
  const folder = mkdtempSync(join(tmpdir(), 'zone-'));
  writeFileSync(join(folder, 'zone'), zoneFile(types, footer));
  expect([...zoneNames(join(folder, 'zone'))]).toEqual(expected);
  rmSync(folder, { recursive: true });
});

test('a file that is no zone has no names', () => {
  expect(zoneNames('/proc/self/status').size).toBe(0);
  expect(zoneNames('/nowhere').size).toBe(0);
});
