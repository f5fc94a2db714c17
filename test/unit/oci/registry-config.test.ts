import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hostCertificates } from '../../../src/oci/http/host-certificates.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { readRegistriesConf } from '../../../src/oci/registries-conf.ts';
import { describeRegistries, registryEndpoints } from '../../../src/oci/registry-config.ts';

let config = '';
let env: Record<string, string> = {};
beforeEach(() => {
  config = mkdtempSync(join(tmpdir(), 'registries-'));
  // A registries.conf of this machine must not count.
  env = { XDG_CONFIG_HOME: config, HOME: config, CONTAINERS_REGISTRIES_CONF: join(config, 'containers/registries.conf') };
});
afterEach(() => rmSync(config, { recursive: true }));

const write = (path: string, value: unknown): string => {
  const file = join(config, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
};
const endpoints = (name: string, options?: { tlsVerify?: boolean }) => registryEndpoints(env, parseReference(name), options);
/** `scheme,scheme host/repository`. */
const routes = async (name: string) =>
  (await endpoints(name)).map(({ schemes, host, repository }) => `${schemes.join(',')} ${host}/${repository}`);
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('without settings', () => {
  it.each([
    ['alpine', 'registry-1.docker.io', false, ['https']],
    ['localhost:5000/a', 'localhost:5000', true, ['http', 'https']],
    ['127.8.9.1:80/a', '127.8.9.1:80', true, ['http', 'https']],
    ['[::1]:5000/a', '[::1]:5000', true, ['http', 'https']],
    ['127.0.0.1.example.com/a', '127.0.0.1.example.com', false, ['https']],
    ['localhost.example.com/a', 'localhost.example.com', false, ['https']],
  ])('%s', async (name, host, isInsecure, schemes) => {
    expect(await endpoints(name)).toMatchObject([{ host, isInsecure, schemes }]);
  });
});

describe('registries.json', () => {
  it('one that is listed, by variable, file or flag, may lack TLS, but TLS is tried first', async () => {
    const open = [{ host: 'lan:5000', isInsecure: true, schemes: ['https', 'http'] }];
    expect(await registryEndpoints({ ...env, SKIFF_INSECURE_REGISTRIES: 'a, lan:5000' }, parseReference('lan:5000/a'))).toMatchObject(open);
    expect(await endpoints('lan:5000/a', { tlsVerify: false })).toMatchObject(open);
    write('skiff/registries.json', { insecure: ['lan:5000', '*.test'] });
    expect(await endpoints('lan:5000/a')).toMatchObject(open);
    expect(await endpoints('deep.in.test:1/a')).toMatchObject([{ isInsecure: true }]);
    expect(await endpoints('lan:5001/a')).toMatchObject([{ isInsecure: false }]);
  });

  it('mirrors are asked in order and the registry last, the longest prefix of a name wins', async () => {
    write('skiff/registries.json', {
      mirrors: { 'docker.io': ['https://one.lan/', 'http://two.lan:5000/hub'], 'docker.io/library': ['three.lan'], 'quay.io': [] },
    });
    expect(await routes('team/app')).toEqual([
      'https one.lan/team/app',
      'https,http two.lan:5000/hub/team/app',
      'https registry-1.docker.io/team/app',
    ]);
    expect(await routes('alpine')).toEqual(['https three.lan/alpine', 'https registry-1.docker.io/library/alpine']);
    expect(await routes('quay.io/a')).toEqual(['https quay.io/a']);
  });

  it('a blocked registry, or a part of one, is refused', async () => {
    write('skiff/registries.json', { blocked: ['bad.io', 'docker.io/evil'] });
    for (const name of ['bad.io/a', 'evil/app']) expect(await failureOf(endpoints(name))).toMatchObject({ code: 'ERR_REGISTRY_BLOCKED' });
    expect(await failureOf(endpoints('evil/app'))).toMatchObject({
      message: 'Refused "docker.io/evil/app": the registry docker.io is blocked by this machine\'s settings',
    });
    expect(await routes('evilness/app')).toEqual(['https registry-1.docker.io/evilness/app']);
  });

  it('certificates are files beside it, and a registry on this machine that has some is checked', async () => {
    write('skiff/registries.json', { certificates: { 'localhost:5000': { ca: 'ca.pem', cert: 'me.cert', key: '~/me.key' } } });
    write('skiff/ca.pem', 'CA');
    write('skiff/me.cert', 'CERT');
    write('me.key', 'KEY');
    const expected = { tls: { ca: 'CA', cert: 'CERT', key: 'KEY' }, isInsecure: false, schemes: ['https'] };
    expect(await endpoints('localhost:5000/a')).toMatchObject([expected]);
  });

  it.each([
    ['{', 'it is not JSON'],
    ['[]', 'it is not of the form'],
    ['{"insecure": "lan:5000"}', 'at "insecure"'],
    ['{"mirrors": {"docker.io": "one"}}', 'at "mirrors.docker.io"'],
    ['{"insecure": [], "unsafe": []}', 'it is not of the form'],
  ])('a file of %j is an error that names it', async (text, why) => {
    const path = write('skiff/registries.json', text);
    expect(await failureOf(endpoints('lan:5000/a'))).toMatchObject({
      code: 'ERR_REGISTRIES_FILE',
      message: expect.stringContaining(`Cannot use "${path}": `),
    });
    expect(await failureOf(endpoints('lan:5000/a'))).toMatchObject({ message: expect.stringContaining(why) });
  });
});

describe("podman's registries.conf", () => {
  it('rewrites, mirrors and blocks by prefix; short names stay Docker Hub’s', async () => {
    write(
      'containers/registries.conf',
      `unqualified-search-registries = ["quay.io"]
[[registry]]
prefix = "docker.io/library"
location = "hub.lan/official"
[[registry.mirror]]
location = "near.lan:5000/lib"
insecure = true
[[registry.mirror]]
location = "pinned.lan"
pull-from-mirror = "digest-only"
[[registry]]
location = "lan:5000"
insecure = true
[[registry]]
prefix = "*.bad.io"
blocked = true
`,
    );
    expect(await routes('alpine')).toEqual(['https,http near.lan:5000/lib/alpine', 'https hub.lan/official/alpine']);
    expect(await routes(`alpine@sha256:${'0'.repeat(64)}`)).toEqual([
      'https,http near.lan:5000/lib/alpine',
      'https pinned.lan/alpine',
      'https hub.lan/official/alpine',
    ]);
    expect(await routes('lan:5000/a')).toEqual(['https,http lan:5000/a']);
    expect(await failureOf(endpoints('very.bad.io/a'))).toMatchObject({ code: 'ERR_REGISTRY_BLOCKED' });
    expect(await describeRegistries(env)).toEqual({
      files: [join(config, 'containers/registries.conf')],
      insecure: ['lan:5000'],
      blocked: ['*.bad.io'],
      mirrors: [['docker.io/library', ['near.lan:5000/lib', 'pinned.lan']]],
    });
  });

  it('a login goes to the registry as it is named', async () => {
    write(
      'containers/registries.conf',
      '[[registry]]\nprefix = "a.io"\nlocation = "b.io"\ninsecure = true\n[[registry.mirror]]\nlocation = "c.io"\n',
    );
    const named = { registry: 'a.io', repository: '', digest: undefined };
    expect(await registryEndpoints(env, named, { asNamed: true })).toMatchObject([{ host: 'a.io', isInsecure: true }]);
  });

  it('our own mirrors for a name stand before those', async () => {
    write(
      'containers/registries.conf',
      '[[registry]]\nprefix = "docker.io"\nlocation="docker.io"\n[[registry.mirror]]\nlocation = "theirs"\n',
    );
    write('skiff/registries.json', { mirrors: { 'docker.io': ['ours.lan'] } });
    expect(await routes('a/b')).toEqual(['https ours.lan/a/b', 'https registry-1.docker.io/a/b']);
  });

  it("the user's file stands in for the system's, and files of the folders replace what has the same prefix", async () => {
    const etc = join(config, 'etc');
    const rule = (prefix: string, location: string) => `[[registry]]\nprefix = "${prefix}"\nlocation = "${location}"\n`;
    write('etc/containers/registries.conf', rule('a', 'system'));
    const user = { XDG_CONFIG_HOME: config };
    const read = async () => (await readRegistriesConf(user, etc)).registries.map(({ prefix, location }) => [prefix, location]);
    expect(await read()).toEqual([['a', 'system']]);
    write('containers/registries.conf', rule('b', 'user'));
    expect(await read()).toEqual([['b', 'user']]);
    write('etc/containers/registries.conf.d/1.conf', rule('b', 'dropped'));
    write('containers/registries.conf.d/2.conf', rule('c', 'mine'));
    write('containers/registries.conf.d/ignored.txt', 'not = [toml');
    expect(await read()).toEqual([
      ['b', 'dropped'],
      ['c', 'mine'],
    ]);
  });

  it.each([
    ['[[registry]]\nlocation = [', 'it is not TOML'],
    ['[[registry]]\nlocation = 1', 'are not of the form'],
    ['[[registry]]\ninsecure = true', 'a [[registry]] has neither prefix nor location'],
  ])('%j is an error that names the file', async (text, why) => {
    const path = write('containers/registries.conf', text);
    expect(await failureOf(endpoints('a'))).toMatchObject({ message: expect.stringContaining(`Cannot use "${path}": `) });
    expect(await failureOf(endpoints('a'))).toMatchObject({ message: expect.stringContaining(why) });
  });
});

describe("Docker's certs.d", () => {
  it('gives every authority and one pair, the user’s before the system’s', () => {
    const etc = join(config, 'etc');
    write('etc/docker/certs.d/lan:5000/ca.crt', 'SYSTEM');
    write('etc/containers/certs.d/lan:5000/client.cert', 'THEIRS');
    write('etc/containers/certs.d/lan:5000/client.key', 'THEIR KEY');
    expect(hostCertificates(env, 'lan:5000', { etc })).toEqual({ ca: 'SYSTEM', cert: 'THEIRS', key: 'THEIR KEY' });
    write('docker/certs.d/lan:5000/a.crt', 'USER');
    write('docker/certs.d/lan:5000/me.cert', 'MINE');
    write('docker/certs.d/lan:5000/me.key', 'MY KEY');
    expect(hostCertificates(env, 'lan:5000', { etc })).toEqual({ ca: 'USER\nSYSTEM', cert: 'MINE', key: 'MY KEY' });
    expect(hostCertificates(env, 'lan', { etc })).toEqual({ ca: undefined, cert: undefined, key: undefined });
  });

  it('a certificate without its key is an error that names it', () => {
    const path = write('docker/certs.d/lan/client.cert', 'MINE');
    expect(() => hostCertificates(env, 'lan')).toThrow(`Cannot use "${path}": missing key for it`);
  });
});
