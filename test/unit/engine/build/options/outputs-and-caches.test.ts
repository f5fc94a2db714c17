import { checkedCache, parseCacheFrom, parseCacheTo } from '../../../../../src/engine/build/options/cache.ts';
import { outputsOf, parseOutput } from '../../../../../src/engine/build/options/output.ts';

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return 'taken';
};

describe('--output', () => {
  test.each([
    ['out', { type: 'local', attributes: { dest: 'out' } }],
    ['-', { type: 'tar', attributes: { dest: '-' } }],
    ['type=local,dest=out', { type: 'local', attributes: { dest: 'out' } }],
    ['TYPE=image,name=a,push', { type: 'image', attributes: { name: 'a', push: 'true' } }],
    ['type=oci', { type: 'oci', attributes: { dest: '-' } }],
    ['type=docker', { type: 'docker', attributes: {} }],
    ['"type=image","name=a,b"', { type: 'image', attributes: { name: 'a,b' } }],
  ])('%s', (text, spec) => expect(parseOutput(text)).toEqual(spec));

  test.each([
    ['', 'it names nothing: use type=TYPE,dest=PATH or a folder'],
    ['dest=x', 'type is required for output'],
    ['type=zip', 'unsupported output type "zip": use local, tar, oci, docker, image, registry or cacheonly'],
    ['type=local', 'dest is required for local output'],
    ['type=local,dest=-', 'dest cannot be stdout for local output: use type=tar'],
    ['type=tar,dest=', 'dest names nothing'],
    ['type=image,foo', "invalid field 'foo' must be a key=value pair"],
    ['type=image,"x', 'parse error on line 1, column 14: extraneous or missing " in quoted-field'],
  ])('%s is refused', (text, message) => expect(refusal(() => parseOutput(text))).toBe(message));

  test('--push goes with an image that is made anyway, else it is an output of its own', () => {
    const none = { push: false, load: false };
    const image = parseOutput('type=image');
    expect(outputsOf([], none)).toEqual([]);
    expect(outputsOf([], { ...none, push: true })).toEqual([{ type: 'registry', attributes: {} }]);
    expect(outputsOf([image], { ...none, push: true })).toEqual([{ type: 'image', attributes: { push: 'true' } }]);
    expect(image.attributes).toEqual({});
    expect(outputsOf([parseOutput('type=registry')], { ...none, push: true })).toHaveLength(1);
    expect(outputsOf([parseOutput('out')], { push: true, load: true }).map(({ type }) => type)).toEqual(['local', 'registry', 'docker']);
  });
});

describe('--cache-from and --cache-to', () => {
  test('a name alone is a registry’s', () => {
    expect(parseCacheFrom('user/app:cache')).toEqual({ type: 'registry', attributes: { ref: 'user/app:cache' } });
    expect(parseCacheTo('type=registry,ref=user/app:cache,mode=max')).toEqual({
      type: 'registry',
      attributes: { ref: 'user/app:cache', mode: 'max' },
    });
    expect(parseCacheTo('type=inline')).toEqual({ type: 'inline', attributes: {} });
    expect(parseCacheFrom('type=local,src=/tmp/c')).toEqual({ type: 'local', attributes: { src: '/tmp/c' } });
  });

  test.each([
    ['type=registry', 'ref is required for a registry cache'],
    ['ref=a', 'type is required, as in type=registry,ref=NAME'],
    ['type=gha', 'cache type "gha" is not supported: use registry, local or inline'],
    ['type=tape', 'unknown cache type "tape": use registry, local or inline'],
    ['type=local', 'dest is required for a local cache'],
    ['type=local,dest=x,mode=some', 'invalid cache mode "some": use min or max'],
    ['type=inline,mode=max', "unexpected key 'mode'"],
    ['Upper', 'invalid reference format: repository name (library/Upper) must be lowercase'],
  ])('%s is refused', (text, message) => expect(refusal(() => parseCacheTo(text))).toBe(message));

  test('a local one is read from src', () => {
    expect(refusal(() => checkedCache('local', {}, 'from'))).toBe('src is required for a local cache');
  });
});
