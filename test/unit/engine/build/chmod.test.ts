import { parseChmod } from '../../../../src/engine/build/copy/chmod.ts';

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

it.each<[string, number, string, string]>([
  // Mode, of a file that had, becomes; of a folder that had 0755.
  ['755', 0o600, '0755', '0755'],
  ['0', 0o644, '0000', '0000'],
  ['4711', 0o644, '4711', '4711'],
  ['u+x', 0o644, '0744', '0755'],
  ['+x', 0o600, '0711', '0755'],
  ['+w', 0o444, '0644', '0755'],
  ['a+w', 0o444, '0666', '0777'],
  ['go-rwx', 0o777, '0700', '0700'],
  ['u=rw,go=r', 0o777, '0644', '0644'],
  ['a=rX', 0o640, '0444', '0555'],
  ['a=rX', 0o740, '0555', '0555'],
  ['g=u', 0o740, '0770', '0775'],
  ['u+s,g+s,+t', 0o755, '7755', '7755'],
  ['u-s', 0o4755, '0755', '0755'],
  ['u=rwx', 0o4644, '0744', '0755'],
  ['u+r-w', 0o200, '0400', '0555'],
])('%s on %s', (change, mode, ofFile, ofFolder) => {
  expect(octal(parseChmod(change)(mode, false))).toBe(ofFile);
  expect(octal(parseChmod(change)(0o755, true))).toBe(ofFolder);
});

it.each(['', '8', '0999', '10000', 'u', 'u+q', 'rwx', 'u=rw,', '+x,q'])('refuses "%s"', (change) => {
  expect(() => parseChmod(change)).toThrow(`invalid chmod parameter: '${change}'. it should be octal string and between 0 and 07777`);
});
