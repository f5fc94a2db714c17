import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCredentials } from '../../../src/oci/credentials.ts';

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
});

it.each([
  ['docker.io', 'library/alpine', { username: 'hub', password: 'secret:with:colons', identityToken: undefined }],
  ['ghcr.io', 'other/x', { username: 'cat', password: 'token', identityToken: undefined }],
  ['ghcr.io', 'team/x', { username: 'team', password: 'token', identityToken: undefined }],
  ['quay.io', 'a/b', { username: 'plain', password: 'words', identityToken: undefined }],
  ['refresh.io', 'a', { username: '<token>', password: '', identityToken: 'id' }],
  ['empty.io', 'a', undefined],
  ['unknown.io', 'a', undefined],
])("Docker's file gives what it has for %s/%s", async (registry, repository, expected) => {
  expect(await findCredentials({ HOME: home }, registry, repository)).toEqual({ credentials: expected, problem: undefined });
});

it('REGISTRY_AUTH_FILE alone counts where it is set, and DOCKER_CONFIG moves the file', async () => {
  const userOf = async (env: Record<string, string>, registry: string) => (await findCredentials(env, registry, 'x')).credentials?.username;
  const named = write('named.json', { auths: { 'ghcr.io': basic('named:1') } });
  write('moved/config.json', { auths: { 'ghcr.io': basic('moved:1') } });
  expect(await userOf({ HOME: home, REGISTRY_AUTH_FILE: named }, 'ghcr.io')).toBe('named');
  expect(await userOf({ HOME: home, REGISTRY_AUTH_FILE: named }, 'quay.io')).toBeUndefined();
  expect(await userOf({ HOME: home, DOCKER_CONFIG: join(home, 'moved') }, 'ghcr.io')).toBe('moved');
});

it("podman's own file counts after Docker's, unless another is named", async () => {
  const run = join(home, 'run');
  write('run/containers/auth.json', { auths: { 'ghcr.io': basic('podman:1'), 'only.io/team': basic('podman:2') } });
  const env = { HOME: home, XDG_RUNTIME_DIR: run };
  expect((await findCredentials(env, 'ghcr.io', 'x')).credentials?.username).toBe('cat');
  expect((await findCredentials(env, 'only.io', 'team/x')).credentials).toMatchObject({ username: 'podman', password: '2' });
  expect((await findCredentials({ ...env, REGISTRY_AUTH_FILE: join(home, 'none') }, 'only.io', 'team/x')).credentials).toBeUndefined();
});

it('a file that is damaged counts as none, and is told as the problem', async () => {
  const damaged = write('damaged.json', '{"auths": {"ghcr.io": {"auth": "c2VjcmV0"');
  const { credentials, problem } = await findCredentials({ REGISTRY_AUTH_FILE: damaged }, 'ghcr.io', 'x');
  expect({ credentials, code: problem?.code, message: problem?.message }).toEqual({
    credentials: undefined,
    code: 'ERR_AUTH_FILE',
    message: `Cannot use "${damaged}": it is not JSON`,
  });
});

describe('a credential helper', () => {
  const bin = join(home, 'bin');
  const helper = (name: string, script: string): void => {
    const path = write(`bin/docker-credential-${name}`, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  };
  const env = (config: object, more: Record<string, string> = {}): Record<string, string> => ({
    REGISTRY_AUTH_FILE: write(`helpers-${Math.random()}.json`, config),
    PATH: `${bin}:${process.env.PATH}`,
    ...more,
  });
  const find = async (variables: Record<string, string>, registry = 'ghcr.io', repository = 'team/app') => {
    const { credentials, problem } = await findCredentials(variables, registry, repository);
    return problem ? problem.message : credentials;
  };

  it('is asked by the key of the registry on its standard input, one for a host before the one for all', async () => {
    helper('echo', 'read -r key; printf \'{"ServerURL":"%s","Username":"%s","Secret":"s:%s"}\' "$key" "$1" "$key"');
    helper('token', 'printf \'{"Username":"<token>","Secret":"refresh"}\'');
    const variables = env({ credsStore: 'echo', credHelpers: { 'quay.io': 'token' } });
    expect(await find(variables)).toEqual({ username: 'get', password: 's:ghcr.io', identityToken: undefined });
    expect(await find(variables, 'docker.io')).toEqual({
      username: 'get',
      password: 's:https://index.docker.io/v1/',
      identityToken: undefined,
    });
    expect(await find(variables, 'quay.io')).toEqual({ username: '<token>', password: '', identityToken: 'refresh' });
  });

  it('that knows none leaves what the file has, and a repository with an entry of its own is asked for first', async () => {
    helper('none', 'echo credentials not found in native keychain; exit 1');
    helper('echo', 'read -r key; printf \'{"Username":"%s","Secret":"x"}\' "$key"');
    expect(await find(env({ credsStore: 'none', auths: { 'ghcr.io': basic('me:file') } }))).toMatchObject({ password: 'file' });
    expect(await find(env({ credsStore: 'none' }))).toBeUndefined();
    expect(await find(env({ credsStore: 'echo', auths: { 'ghcr.io/team': {} } }))).toMatchObject({ username: 'ghcr.io/team' });
  });

  const failing = 'Cannot get the credentials for "ghcr.io": ';
  it.each([
    ['prints garbage', 'echo "not json: hunter2"', '"docker-credential-x" did not print JSON'],
    ['prints something else', 'echo "{\\"Password\\": \\"hunter2\\"}"', '"docker-credential-x" did not print a username and a secret'],
    ['fails', 'printf "the keyring is\\033[31m locked\\n"; exit 3', '"docker-credential-x" failed: the keyring is [31m locked'],
    ['hangs', 'sleep 1000', '"docker-credential-x" has not answered within 0.3 seconds'],
    ['leaves a child that holds its output', '(sleep 20 &) ', '"docker-credential-x" has not answered within 0.3 seconds'],
  ])('that %s is a problem in one sentence', async (_name, script, why) => {
    helper('x', script);
    expect(await find(env({ credsStore: 'x' }, { SKIFF_CREDENTIAL_TIMEOUT: '0.3' }))).toBe(`${failing}${why}`);
  });

  it('that is not there, or has a name that is no name, is not run', async () => {
    expect(await find(env({ credsStore: 'absent' }))).toBe(`${failing}"docker-credential-absent" is not in $PATH`);
    expect(await find(env({ credsStore: '../../bin/sh' }))).toBe(`${failing}its name is not one of a program`);
  });
});
