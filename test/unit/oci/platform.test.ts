import {
  choosePlatform,
  fitsPlatform,
  formatPlatform,
  hostPlatform,
  isAttestation,
  listPlatforms,
  parsePlatform,
} from '../../../src/oci/platform.ts';
import type { Descriptor } from '../../../src/storage/records.ts';

const entry = (platform: string, annotations?: Record<string, string>): Descriptor => {
  const [os = '', architecture = '', variant] = platform.split('/');
  return { mediaType: 'm', digest: platform, size: 1, platform: { os, architecture, variant }, annotations };
};
const chosen = (wanted: string, ...there: string[]): string | undefined =>
  choosePlatform(
    there.map((platform) => entry(platform)),
    parsePlatform(wanted),
  )?.digest;

it.each([
  ['linux/amd64', 'linux/amd64'],
  ['linux/x86_64', 'linux/amd64'],
  ['Linux/AARCH64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/arm', 'linux/arm/v7'],
  ['linux/armhf', 'linux/arm/v7'],
  ['linux/armel', 'linux/arm/v6'],
  ['linux/arm/6', 'linux/arm/v6'],
  ['linux/amd64/v3', 'linux/amd64/v3'],
  ['arm64', 'linux/arm64'],
  ['linux', formatPlatform(hostPlatform())],
  ['windows/amd64', 'windows/amd64'],
])('%s is %s', (text, normal) => {
  expect(formatPlatform(parsePlatform(text))).toBe(normal);
});

it.each(['', 'linux/', 'a/b/c/d', 'linux/am d64'])('%j is no platform', (text) => {
  expect(() => parsePlatform(text)).toThrow(`"${text}" is an invalid platform`);
});

it.each([
  ['linux/amd64', ['linux/arm64', 'linux/amd64'], 'linux/amd64'],
  ['linux/amd64', ['linux/386', 'linux/arm64'], 'linux/386'],
  ['linux/amd64', ['linux/amd64/v3', 'linux/amd64/v2'], undefined],
  ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 'linux/amd64/v2'],
  ['linux/arm64', ['linux/arm/v7', 'linux/arm64/v8'], 'linux/arm64/v8'],
  ['linux/arm64', ['linux/arm/v6', 'linux/arm/v7'], 'linux/arm/v7'],
  ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6', 'linux/arm64/v8'], 'linux/arm/v6'],
  ['linux/arm/v6', ['linux/arm/v7'], undefined],
  ['linux/arm', ['linux/arm'], 'linux/arm'],
  ['linux/s390x', ['linux/amd64'], undefined],
  ['linux/amd64', ['windows/amd64'], undefined],
])('for %s out of %j it is %s', (wanted, there, expected) => {
  expect(chosen(wanted, ...there)).toBe(expected);
});

it('never takes an attestation for an image, and does not list it', () => {
  const attested = entry('linux/amd64', { 'vnd.docker.reference.type': 'attestation-manifest' });
  const unknown = entry('unknown/unknown');
  expect([attested, unknown].map(isAttestation)).toEqual([true, true]);
  expect(choosePlatform([attested, unknown], parsePlatform('linux/amd64'))).toBeUndefined();
  expect(listPlatforms([attested, unknown, entry('linux/arm64/v8'), entry('linux/arm64/v8')])).toEqual(['linux/arm64/v8']);
});

it('tells whether an image fits', () => {
  expect(fitsPlatform({ os: 'linux', architecture: 'arm64' }, parsePlatform('linux/amd64'))).toBe(false);
  expect(fitsPlatform({ os: 'linux', architecture: 'arm64', variant: 'v8' }, parsePlatform('linux/arm64'))).toBe(true);
});
