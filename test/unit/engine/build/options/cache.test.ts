import { resolve } from 'node:path';
import { parseCacheFrom, parseCacheTo } from '../../../../../src/engine/build/options/cache.ts';

test('a name alone is a cache in a registry, and folders are made absolute', () => {
  expect(parseCacheFrom('user/app:cache')).toEqual({ type: 'registry', attributes: { ref: 'user/app:cache' } });
  expect(parseCacheFrom('type=local,src=in')).toEqual({ type: 'local', attributes: { src: resolve('in') } });
  expect(parseCacheTo('type=local,dest=out,mode=max')).toEqual({ type: 'local', attributes: { dest: resolve('out'), mode: 'max' } });
  expect(parseCacheTo('type=inline')).toEqual({ type: 'inline', attributes: {} });
});

test.each([
  ['type=registry', 'ref is required for a registry cache'],
  ['type=local', 'dest is required for a local cache'],
  ['type=local,dest=x,mode=most', 'invalid cache mode "most": use min or max'],
  ['type=local,dest=x,compression=lz4', 'unknown compression "lz4": use gzip, zstd or uncompressed'],
  ['type=local,dest=x,ignore-error=yes', 'ignore-error must be true or false'],
  ['type=inline,mode=max', "unexpected key 'mode'"],
  ['type=registry,ref=a/b,scope=x', "unexpected key 'scope': use ref, registry.insecure, mode"],
  ['type=registry,ref=a/b,oci-mediatypes=false,image-manifest=true', 'image-manifest=true needs oci-mediatypes=true'],
])('--cache-to %s is refused', (text, message) => {
  expect(() => parseCacheTo(text)).toThrow(message);
});

test.each([
  ['type=gha', 'cache type "gha" is not supported'],
  ['type=local,src=y,dest=x', "unexpected key 'dest': use src, digest or tag"],
  ['type=registry,ref=a/UPPER', 'must be lowercase'],
])('--cache-from %s is refused', (text, message) => {
  expect(() => parseCacheFrom(text)).toThrow(message);
});
