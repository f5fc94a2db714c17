import { sandboxHostname, withBuildkitArgs } from '../../../../src/engine/build/buildkit-args.ts';
import type { BuildOptions, CacheSpec } from '../../../../src/engine/build/model.ts';

const optionsWith = (buildArgs: Record<string, string>, cacheTo: CacheSpec[] = []): BuildOptions => ({
  tags: [],
  buildArgs,
  labels: {},
  annotations: [],
  platforms: [],
  noCache: false,
  noCacheFilter: [],
  pull: false,
  secrets: {},
  ssh: {},
  addHosts: [],
  network: 'default',
  limits: {},
  jobs: 1,
  outputs: [],
  cacheFrom: [],
  cacheTo,
  squash: false,
  allow: [],
  explain: false,
  attest: {},
  keepFailed: false,
});

const inline: CacheSpec = { type: 'inline', attributes: {} };

test.each<[Record<string, string>, CacheSpec[], CacheSpec[]]>([
  [{ BUILDKIT_INLINE_CACHE: '1' }, [], [inline]],
  [{ BUILDKIT_INLINE_CACHE: 'true' }, [inline], [inline]],
  [{ BUILDKIT_INLINE_CACHE: '0' }, [], []],
  [{ OTHER: '1' }, [], []],
])('%j with --cache-to %j writes %j', (buildArgs, before, after) => {
  expect(withBuildkitArgs(optionsWith(buildArgs, before)).cacheTo).toEqual(after);
});

test('BUILDKIT_SANDBOX_HOSTNAME names the machine, nothing leaves it as it is', () => {
  expect(sandboxHostname({ buildArgs: { BUILDKIT_SANDBOX_HOSTNAME: 'me' } })).toBe('me');
  expect(sandboxHostname({ buildArgs: { BUILDKIT_SANDBOX_HOSTNAME: '' } })).toBeUndefined();
  expect(sandboxHostname({ buildArgs: {} })).toBeUndefined();
});
