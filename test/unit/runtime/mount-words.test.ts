import { isProtectedFolder, mountWords } from '../../../src/runtime/mount-words.ts';

test.each([
  ['', { isGiven: false }],
  ['ro,rslave', { isGiven: false }],
  ['U,z', { isGiven: true, label: 'shared' }],
  ['Z,ro', { isGiven: false, label: 'private' }],
  ['O', { isGiven: false, overlay: {} }],
  ['O,upperdir=/u,workdir=/w', { isGiven: false, overlay: { upper: '/u', work: '/w' } }],
  ['idmap', { isGiven: false, isMapped: true }],
  ['noidmap', { isGiven: false, isMapped: false }],
])('"%s"', (mode, expected) => {
  expect(mountWords(mode)).toEqual(expected);
});

test.each([
  ['/', true],
  ['/usr/', true],
  ['/home', true],
  ['/data/../usr', true],
  ['/people/ann', true],
  ['/people', true],
  ['/people/ann/project', false],
  ['/people/anna', false],
  ['/usr/share', false],
])('whether all of %s may be given away or labelled', (path, expected) => {
  expect(isProtectedFolder(path, '/people/ann')).toBe(expected);
});
