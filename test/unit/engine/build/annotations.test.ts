import { annotationsFor, annotationsOf, parseAnnotation } from '../../../../src/engine/build/export/annotations.ts';

const amd64 = { os: 'linux', architecture: 'amd64' };

test('without a level an annotation is of the manifests; colons may be in its key', () => {
  expect(parseAnnotation('org.x=a=b')).toEqual([{ level: 'manifest', platform: undefined, key: 'org.x', value: 'a=b' }]);
  expect(parseAnnotation('vendor:x=1')).toEqual([{ level: 'manifest', platform: undefined, key: 'vendor:x', value: '1' }]);
});

test('several levels, and a platform', () => {
  expect(parseAnnotation('index,manifest[linux/x86_64],manifest-descriptor:k=v')).toEqual([
    { level: 'index', platform: undefined, key: 'k', value: 'v' },
    { level: 'manifest', platform: 'linux/amd64', key: 'k', value: 'v' },
    { level: 'manifest-descriptor', platform: undefined, key: 'k', value: 'v' },
  ]);
});

test('those of the output come after those of the flags and count; a platform sees only its own', () => {
  const all = annotationsOf(['a=flag', 'manifest[linux/arm64]:b=arm'], {
    type: 'oci',
    attributes: { 'annotation.a': 'own', 'annotation-index.c': 'i', dest: 'x' },
  });
  expect(annotationsFor(all, 'manifest', amd64)).toEqual({ a: 'own' });
  expect(annotationsFor(all, 'index')).toEqual({ c: 'i' });
  expect(annotationsFor(all, 'manifest-descriptor', amd64)).toBeUndefined();
});

test.each([
  ['novalue', 'Invalid annotation "novalue": expected key=value'],
  ['=v', 'Invalid annotation "=v": its key is empty'],
  ['index[linux/amd64]:k=v', 'Invalid annotation "k=v": an index is of no one platform'],
])('%s is refused', (text, message) => {
  expect(() => parseAnnotation(text)).toThrow(message);
});
