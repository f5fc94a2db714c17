import { platformArgs, proxyVariables } from '../../../../src/engine/build/platform-args.ts';

test('the platforms of the build and of its target, in all their parts', () => {
  const args = platformArgs(
    { os: 'linux', architecture: 'arm', variant: 'v7' },
    { build: { os: 'linux', architecture: 'amd64' }, stage: undefined, buildArgs: {} },
  );
  expect(Object.fromEntries(args)).toEqual({
    BUILDPLATFORM: 'linux/amd64',
    BUILDOS: 'linux',
    BUILDARCH: 'amd64',
    BUILDVARIANT: '',
    TARGETPLATFORM: 'linux/arm/v7',
    TARGETOS: 'linux',
    TARGETARCH: 'arm',
    TARGETVARIANT: 'v7',
    TARGETSTAGE: 'default',
  });
});

test('--build-arg has the last word', () => {
  const platform = { os: 'linux', architecture: 'amd64' };
  const args = platformArgs(platform, { build: platform, stage: 'prod', buildArgs: { TARGETARCH: 'mine' } });
  expect([args.get('TARGETARCH'), args.get('TARGETSTAGE')]).toEqual(['mine', 'prod']);
});

test('a proxy is known by both its spellings, other build arguments are none', () => {
  expect(proxyVariables({ https_proxy: 'http://p', X: 'y', NO_PROXY: 'a,b' })).toEqual([
    'HTTPS_PROXY=http://p',
    'https_proxy=http://p',
    'NO_PROXY=a,b',
    'no_proxy=a,b',
  ]);
});
