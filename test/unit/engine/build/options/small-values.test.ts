import { attestOf, parseAttest, parseShortAttest } from '../../../../../src/engine/build/options/attest.ts';
import { epochOf } from '../../../../../src/engine/build/options/epoch.ts';
import { entitlement, parsePlatforms, runNetwork, tagName } from '../../../../../src/engine/build/options/names.ts';
import { buildArguments, namedContext } from '../../../../../src/engine/build/options/pairs.ts';

test('a build argument without a value takes that of the environment, or is none', () => {
  expect(buildArguments(['A=1', 'B', 'C', 'D=', 'A=2=3'], { B: 'b' })).toEqual({ A: '2=3', B: 'b', D: '' });
});

test('names of contexts are those that FROM writes: lower case', () => {
  expect(namedContext('Base=docker-image://alpine')).toEqual(['base', 'docker-image://alpine']);
  expect(() => namedContext('base')).toThrow('invalid context value: base, expected key=value');
  expect(() => namedContext('=x')).toThrow('invalid context value: =x, expected key=value');
});

test('tags are made whole, and no digests', () => {
  expect(tagName('app')).toBe('docker.io/library/app:latest');
  expect(() => tagName('App')).toThrow('must be lowercase');
  expect(() => tagName(`app@sha256:${'0'.repeat(64)}`)).toThrow('refusing to create a tag with a digest reference');
});

test('platforms, each once, in the order given', () => {
  expect(parsePlatforms(['linux/arm64,linux/amd64', 'arm64'])).toEqual([
    { os: 'linux', architecture: 'arm64' },
    { os: 'linux', architecture: 'amd64' },
  ]);
  expect(() => parsePlatforms(['linux/'])).toThrow('"linux/" is an invalid platform');
});

test('networks and entitlements by name', () => {
  expect(runNetwork('none')).toBe('none');
  expect(() => runNetwork('web')).toThrow('network mode "web" is not supported for RUN: use default, none or host');
  expect(entitlement('security.insecure')).toBe('security.insecure');
  expect(() => entitlement('root')).toThrow('unknown entitlement "root"');
});

test('statements: the last of a kind counts, and false takes one away', () => {
  const provenance = parseShortAttest('provenance');
  expect(attestOf([parseAttest('type=sbom,generator=x'), provenance('mode=max')])).toEqual({
    sbom: { generator: 'x' },
    provenance: { mode: 'max' },
  });
  expect(attestOf([parseAttest('type=provenance'), provenance('false')])).toEqual({});
  expect(attestOf([provenance('true'), undefined])).toEqual({ provenance: {} });
  expect(() => provenance('mode=most')).toThrow('invalid mode "most" of provenance: use min or max');
  expect(() => parseAttest('mode=max')).toThrow('attestation type not specified');
  expect(() => parseAttest('type=seal')).toThrow('unknown attestation type "seal": use sbom or provenance');
});

test('SOURCE_DATE_EPOCH: the argument stands before the variable', () => {
  expect(epochOf({ env: { SOURCE_DATE_EPOCH: '1' } }, {})).toEqual({ seconds: 1, args: { SOURCE_DATE_EPOCH: '1' } });
  expect(epochOf({ env: { SOURCE_DATE_EPOCH: '1' } }, { SOURCE_DATE_EPOCH: '2' }).seconds).toBe(2);
  expect(epochOf({ env: {} }, {})).toEqual({ seconds: undefined, args: {} });
  expect(() => epochOf({ env: { SOURCE_DATE_EPOCH: 'now' } }, {})).toThrow('invalid SOURCE_DATE_EPOCH: "now"');
});
