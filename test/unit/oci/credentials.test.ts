import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCredentials } from '../../../src/oci/credentials.ts';
import { registryAccess } from '../../../src/oci/registry-config.ts';

const home = mkdtempSync(join(tmpdir(), 'credentials-'));
afterAll(() => rmSync(home, { recursive: true }));
const basic = (text: string) => ({ auth: Buffer.from(text).toString('base64') });
const write = (path: string, value: unknown): string => {
  const file = join(home, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
};

write('.docker/config.json', {
  auths: {
    'https://index.docker.io/v1/': basic('hub:secret:with:colons'),
    'ghcr.io': basic('cat:token'),
    'ghcr.io/team': basic('team:token'),
    'https://quay.io': { username: 'plain', password: 'words' },
    'empty.io': {},
    'refresh.io': { ...basic('<token>:'), identitytoken: 'id' },
  },
  credsStore: 'desktop',
});

it.each([
  ['docker.io', 'library/alpine', { username: 'hub', password: 'secret:with:colons', identityToken: undefined }],
  ['ghcr.io', 'other/x', { username: 'cat', password: 'token', identityToken: undefined }],
  ['ghcr.io', 'team/x', { username: 'team', password: 'token', identityToken: undefined }],
  ['quay.io', 'a/b', { username: 'plain', password: 'words', identityToken: undefined }],
  ['refresh.io', 'a', { username: '<token>', password: '', identityToken: 'id' }],
  ['empty.io', 'a', undefined],
  ['unknown.io', 'a', undefined],
])("Docker's file gives what it has for %s/%s", (registry, repository, expected) => {
  expect(findCredentials({ HOME: home }, registry, repository)).toEqual(expected);
});

it('REGISTRY_AUTH_FILE alone counts where it is set, and DOCKER_CONFIG moves the file', () => {
  const named = write('named.json', { auths: { 'ghcr.io': basic('named:1') } });
  write('moved/config.json', { auths: { 'ghcr.io': basic('moved:1') } });
  expect(findCredentials({ HOME: home, REGISTRY_AUTH_FILE: named }, 'ghcr.io', 'x')?.username).toBe('named');
  expect(findCredentials({ HOME: home, REGISTRY_AUTH_FILE: named }, 'quay.io', 'x')).toBeUndefined();
  expect(findCredentials({ HOME: home, DOCKER_CONFIG: join(home, 'moved') }, 'ghcr.io', 'x')?.username).toBe('moved');
});

it('a file that is damaged counts as none', () => {
  const damaged = write('damaged.json', '{"auths": [');
  expect(findCredentials({ REGISTRY_AUTH_FILE: damaged }, 'ghcr.io', 'x')).toBeUndefined();
});

describe('how a registry is reached', () => {
  const config = mkdtempSync(join(tmpdir(), 'registries-'));
  afterAll(() => rmSync(config, { recursive: true }));
  const writeConfig = (text: string): void => {
    mkdirSync(join(config, 'skiff'), { recursive: true });
    writeFileSync(join(config, 'skiff/registries.json'), text);
  };

  it.each([
    ['docker.io', { host: 'registry-1.docker.io', isInsecure: false, schemes: ['https'] }],
    ['localhost:5000', { host: 'localhost:5000', isInsecure: true, schemes: ['http', 'https'] }],
    ['127.8.9.1:80', { host: '127.8.9.1:80', isInsecure: true, schemes: ['http', 'https'] }],
    ['[::1]:5000', { host: '[::1]:5000', isInsecure: true, schemes: ['http', 'https'] }],
    ['127.0.0.1.example.com', { host: '127.0.0.1.example.com', isInsecure: false, schemes: ['https'] }],
    ['localhost.example.com', { host: 'localhost.example.com', isInsecure: false, schemes: ['https'] }],
  ])('%s', (registry, access) => {
    expect(registryAccess({ HOME: home }, registry)).toEqual(access);
  });

  it('one that is listed, by variable, file or flag, may lack TLS, but TLS is tried first', () => {
    const open = { host: 'lan:5000', isInsecure: true, schemes: ['https', 'http'] };
    expect(registryAccess({ HOME: home, SKIFF_INSECURE_REGISTRIES: 'a, lan:5000' }, 'lan:5000')).toEqual(open);
    expect(registryAccess({ HOME: home }, 'lan:5000', { tlsVerify: false })).toEqual(open);
    writeConfig('{"insecure": ["lan:5000"]}');
    expect(registryAccess({ XDG_CONFIG_HOME: config }, 'lan:5000')).toEqual(open);
    expect(registryAccess({ XDG_CONFIG_HOME: config }, 'lan:5001').isInsecure).toBe(false);
  });

  it.each(['{', '[]', '{"insecure": "lan:5000"}', '{"insecure": [], "unsafe": []}'])('a file of %j is an error that names it', (text) => {
    writeConfig(text);
    expect(() => registryAccess({ XDG_CONFIG_HOME: config }, 'lan:5000')).toThrow(`Cannot use "${join(config, 'skiff/registries.json')}"`);
  });
});
