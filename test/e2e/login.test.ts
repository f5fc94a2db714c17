// Logins: a real registry with users and TLS, a token server, the files and helper programs of other tools. What a wrong login costs is
// counted at a registry in memory.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { failure, startFakeRegistry } from './support/fake-registry.ts';
import { imageOf, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { type Authority, makeAuthority, type PrivateRegistry, startPrivateRegistry } from './support/private-registry.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const PASSWORD = 'swordfish: with "signs"';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const write = (name: string, content: string | object): string => {
  const path = join(box.files, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

let count = 0;
/** A home of its own for each test; other tools' settings of this machine do not count. */
function home(): { env: Record<string, string>; config: string; folder: string } {
  const folder = join(box.files, `home-${count++}`);
  mkdirSync(folder, { recursive: true });
  const env = { HOME: folder, XDG_CONFIG_HOME: join(folder, '.config'), CONTAINERS_REGISTRIES_CONF: join(folder, 'none') };
  return { env, config: join(folder, '.docker/config.json'), folder };
}

const trust = (folder: string, address: string, authority: Authority): void => {
  const certs = join(folder, '.config/docker/certs.d', address);
  mkdirSync(certs, { recursive: true });
  copyFileSync(authority.ca, join(certs, 'ca.crt'));
};

describe('a registry with users and a certificate of its own authority', () => {
  let registry: PrivateRegistry;
  let authority: Authority;
  const skopeo = (args: string[]): string => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(['skopeo', ...args], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
    if (exitCode !== 0) throw new Error(`skopeo ${args.join(' ')}: ${stderr}`);
    return String(stdout);
  };
  beforeAll(async () => {
    authority = makeAuthority(join(box.files, 'authority'));
    const { certificate, key } = authority.server;
    registry = await startPrivateRegistry({ users: { me: PASSWORD, robot: 'other' }, tls: { certificate, key } });
    const creds = ['--dest-creds', `me:${PASSWORD}`];
    for (const name of ['private', 'team/app']) {
      skopeo([
        'copy',
        '--src-tls-verify=false',
        '--dest-tls-verify=false',
        ...creds,
        `docker://${image('busybox')}`,
        `docker://${registry.address}/${name}`,
      ]);
    }
  });
  afterAll(() => registry?.stop());

  test('is refused while its authority is unknown, then logged in to, pulled from, and logged out of', async () => {
    const { env, config, folder } = home();
    const { address } = registry;
    const login = (password: string) => box.skiff(['login', '-u', 'me', '--password-stdin', address], { env, stdin: `${password}\n` });
    const unknown = await login(PASSWORD);
    expect(unknown.stderr).toMatch(new RegExp(`^skiff: ${address}: x509: certificate signed by unknown authority\n`));
    expect(unknown.code).toBe(1);
    trust(folder, address, authority);

    const wrong = await login('wrong');
    expect(wrong.stderr).toMatch(new RegExp(`^skiff: Get "https://${address}/v2/": unauthorized: incorrect username or password\n`));
    expect({ code: wrong.code, stdout: wrong.stdout, isWritten: existsSync(config) }).toEqual({ code: 1, stdout: '', isWritten: false });

    const right = await login(PASSWORD);
    expect({ code: right.code, stdout: right.stdout }).toEqual({ code: 0, stdout: 'Login Succeeded\n' });
    expect(right.stderr).toContain(`WARNING! Your credentials are stored unencrypted in '${config}'.`);
    expect(readJson(config)).toEqual({ auths: { [address]: { auth: base64(`me:${PASSWORD}`) } } });
    expect(statSync(config).mode & 0o777).toBe(0o600);

    await box.ok(['pull', `${address}/private`], { env });
    await box.ok(['rmi', `${address}/private`]);
    await box.ok(['pull', '-q', image('busybox')]);
    // Other tools read the same file.
    const certs = join(folder, '.config/docker/certs.d', address);
    expect(JSON.parse(skopeo(['inspect', '--authfile', config, '--cert-dir', certs, `docker://${address}/private`])).Name).toBe(
      `${address}/private`,
    );

    const podman = Bun.spawnSync(['podman', 'login', '--authfile', config, '--get-login', address], { env: box.peerEnv, stdout: 'pipe' });
    expect(String(podman.stdout)).toBe('me\n');

    await box.ok(['tag', image('busybox'), `${address}/pushed`]);
    await box.ok(['push', '-q', `${address}/pushed`], { env });
    await box.ok(['rmi', `${address}/pushed`]);

    const again = await box.skiff(['login', address], { env });
    expect(again).toEqual({ code: 0, stdout: 'Login Succeeded\n', stderr: 'Authenticating with existing credentials... [Username: me]\n' });

    expect(await box.ok(['logout', address], { env })).toBe(`Removing login credentials for ${address}`);
    expect(await box.ok(['logout', address], { env })).toBe(`Not logged in to ${address}`);
    expect(readJson(config)).toEqual({ auths: {} });
    const denied = await box.skiff(['pull', `${address}/private`], { env });
    expect(denied.stderr).toContain(`pull access denied for ${address}/private, repository does not exist or may require authorization`);
    expect(denied.code).toBe(1);
  });

  test('a terminal is asked, and shows nothing of the password', async () => {
    const { env, config, folder } = home();
    trust(folder, registry.address, authority);
    const terminal = box.terminal(['login', registry.address], { env });
    await terminal.waitFor(/Username: /);
    terminal.type('me\r');
    await terminal.waitFor(/Password: /);
    terminal.type(`wrong\x15${PASSWORD}X\x7f\r`);
    expect(await terminal.ended()).toBe(0);
    expect(terminal.output()).toMatch(/Username: me\nPassword: \n/);
    expect(terminal.output()).toMatch(/Login Succeeded\n$/);
    expect(readJson(config).auths[registry.address]).toEqual({ auth: base64(`me:${PASSWORD}`) });
  });

  test('Ctrl-C at the password ends it with 130, and the terminal echoes again', async () => {
    const { env, config } = home();
    const binary = process.env.SKIFF_TEST_BINARY ?? join(process.cwd(), 'dist/skiff');
    const script = write('asked.sh', `${binary} login -u me ${registry.address}; echo "code $?"; stty -a\n`);
    const { openTerminal } = await import('./support/terminal.ts');
    const terminal = openTerminal(['sh', script], { cwd: box.files, env: { ...box.env, ...env } });
    await terminal.waitFor(/Password: /);
    terminal.type('\x03');
    await terminal.waitFor(/code 130/);
    await terminal.waitFor(/[ ;]echo[ ;]/);
    await terminal.ended();
    expect(existsSync(config)).toBe(false);
  });

  test('a part of it has a login of its own, which podman makes as well', async () => {
    const { env, config, folder } = home();
    const { address } = registry;
    trust(folder, address, authority);
    await box.ok(['login', '-u', 'robot', '--password-stdin', `${address}/team`], { env, stdin: 'other' });
    expect(Object.keys(readJson(config).auths)).toEqual([`${address}/team`]);
    await box.ok(['pull', '-q', `${address}/team/app`], { env });
    await box.ok(['rmi', `${address}/team/app`]);
    expect((await box.skiff(['pull', '-q', `${address}/private`], { env })).code).toBe(1);
    expect(await box.ok(['logout', `${address}/team`], { env })).toBe(`Removing login credentials for ${address}/team`);

    const authFile = join(folder, 'auth.json');
    const podman = ['podman', 'login', '--authfile', authFile, '--cert-dir', join(folder, '.config/docker/certs.d', address)];
    const made = Bun.spawnSync([...podman, '-u', 'robot', '-p', 'other', `${address}/team`], {
      env: box.peerEnv,
      stdout: 'pipe',
      stderr: 'pipe',
    });
    expect({ code: made.exitCode, stderr: String(made.stderr) }).toEqual({ code: 0, stderr: '' });
    await box.ok(['pull', '-q', `${address}/team/app`], { env: { ...env, REGISTRY_AUTH_FILE: authFile } });
    await box.ok(['rmi', `${address}/team/app`]);
  });

  test('a helper program keeps it: called by the user outside every namespace, nothing secret on its command line', async () => {
    const { env, config, folder } = home();
    const { address } = registry;
    trust(folder, address, authority);
    const calls = join(folder, 'calls');
    const helper = write(
      `bin-${count}/docker-credential-notebook`,
      `#!/bin/sh
echo "$* by $(id -u)" >> '${calls}'
read -r input
case $1 in
  store) printf %s "$input" > '${folder}/secret' ;;
  get) cat '${folder}/secret' 2>/dev/null || { echo credentials not found in native keychain; exit 1; } ;;
  erase) rm '${folder}/secret' ;;
esac
`,
    );
    chmodSync(helper, 0o755);
    const variables = { ...env, PATH: `${dirname(helper)}:${box.env.PATH}` };
    write(config.slice(box.files.length + 1), { credsStore: 'notebook', psFormat: 'kept' });
    const { stderr } = await box.skiff(['login', '-u', 'me', '--password-stdin', address], { env: variables, stdin: PASSWORD });
    expect(stderr).toBe('');
    expect(readJson(config)).toEqual({ credsStore: 'notebook', psFormat: 'kept', auths: { [address]: {} } });
    expect(readJson(join(folder, 'secret'))).toEqual({ ServerURL: address, Username: 'me', Secret: PASSWORD });
    await box.ok(['pull', '-q', `${address}/private`], { env: variables });
    await box.ok(['rmi', `${address}/private`]);
    await box.ok(['logout', address], { env: variables });
    expect(existsSync(join(folder, 'secret'))).toBe(false);
    expect(readJson(config)).toEqual({ credsStore: 'notebook', psFormat: 'kept', auths: {} });
    const uid = process.getuid?.();
    expect([...new Set(readFileSync(calls, 'utf8').trim().split('\n'))].sort()).toEqual([
      `erase by ${uid}`,
      `get by ${uid}`,
      `store by ${uid}`,
    ]);
  });

  test('a client certificate is shown where one is asked for', async () => {
    const { env, folder } = home();
    const { certificate, key } = authority.server;
    const strict = await startPrivateRegistry({ tls: { certificate, key, clientAuthority: authority.ca } });
    try {
      trust(folder, strict.address, authority);
      const without = await box.skiff(['login', '-u', 'a', '-p', 'b', strict.address], { env });
      expect(without.code).toBe(1);
      const certs = join(folder, '.config/docker/certs.d', strict.address);
      copyFileSync(authority.client.certificate, join(certs, 'client.cert'));
      const halved = await box.skiff(['login', '-u', 'a', '-p', 'b', strict.address], { env });
      expect(halved.stderr).toContain(`Cannot use "${join(certs, 'client.cert')}": missing key for it`);
      copyFileSync(authority.client.key, join(certs, 'client.key'));
      expect(await box.ok(['login', '-u', 'a', '-p', 'b', strict.address], { env })).toBe('Login Succeeded');
    } finally {
      strict.stop();
    }
  });
});

describe('a token server', () => {
  const layers = [
    layerOf(tarOf([{ path: 'one', content: 'x'.repeat(20_000) }]), 'gzip'),
    layerOf(tarOf([{ path: 'two', content: 'y' }]), 'gzip'),
  ];
  const small = imageOf({ layers });

  /** A registry that takes `tokens.now`; `grant` answers its token server, which is at the same address. */
  function closed(tokens: { now: string }, grant: (request: { method: string; headers: Headers }) => Response) {
    const registry = startFakeRegistry(
      { app: small },
      {
        answer: (request, honest) => {
          if (request.path === '/token') return grant(request);
          if (request.headers.get('authorization') === `Bearer ${tokens.now}`) return honest();
          return failure(401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="http://${registry.address}/token",service="s"` });
        },
      },
    );
    return registry;
  }
  const isMe = (headers: Headers): boolean => headers.get('authorization') === `Basic ${base64(`me:${PASSWORD}`)}`;

  test('a wrong password is one try and one sentence, and nothing is kept', async () => {
    const { env, config } = home();
    const registry = closed({ now: 't' }, ({ headers }) => (isMe(headers) ? Response.json({ token: 't' }) : failure(401, 'UNAUTHORIZED')));
    try {
      const { stderr, stdout, code } = await box.skiff(['login', '-u', 'me', '--password-stdin', registry.address], {
        env,
        stdin: 'hunter2',
      });
      expect(stderr).toMatch(/^skiff: unauthorized: incorrect username or password \(127\.0\.0\.1:\d+, user "me"\)\n/);
      expect({ stdout, code, isWritten: existsSync(config) }).toEqual({ stdout: '', code: 1, isWritten: false });
      expect(stderr).not.toContain('hunter2');
      expect(registry.fetched('/token')).toBe(1);
    } finally {
      registry.stop();
    }
  });

  test('a password that is wrong by now is tried once by a pull, with a token server or without', async () => {
    const { env, config } = home();
    const tokens = closed({ now: 't' }, () => failure(401, 'UNAUTHORIZED'));
    const basic = startFakeRegistry({}, { answer: () => failure(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' }) });
    try {
      const auth = { auth: base64('me:outdated') };
      write(config.slice(box.files.length + 1), { auths: { [tokens.address]: auth, [basic.address]: auth } });
      for (const registry of [tokens, basic]) {
        const { stderr, code } = await box.skiff(['pull', '-q', `${registry.address}/app`], { env });
        expect(stderr).toMatch(/unauthorized: incorrect username or password|pull access denied/);
        expect(stderr).not.toContain('outdated');
        expect(code).toBe(1);
      }
      expect(tokens.fetched('/token')).toBe(1);
      const tried = basic.requests.filter(({ headers }) => headers.get('authorization') !== null);
      expect(tried.map(({ method, path }) => `${method} ${path}`)).toEqual([
        'HEAD /v2/app/manifests/latest',
        'GET /v2/app/manifests/latest',
      ]);
    } finally {
      tokens.stop();
      basic.stop();
    }
  });

  test('an identity token takes the place of the password, and is exchanged by POST', async () => {
    const { env, config } = home();
    const registry = closed({ now: 't' }, ({ method, headers }) =>
      method === 'POST' || isMe(headers) ? Response.json({ access_token: 't', refresh_token: 'refresh' }) : failure(401, 'UNAUTHORIZED'),
    );
    try {
      await box.ok(['login', '-u', 'me', '--password-stdin', registry.address], { env, stdin: PASSWORD });
      expect(readJson(config)).toEqual({ auths: { [registry.address]: { auth: base64('me:'), identitytoken: 'refresh' } } });
      const before = registry.requests.length;
      await box.ok(['pull', '-q', `${registry.address}/app`], { env });
      await box.ok(['rmi', `${registry.address}/app`]);
      expect(
        registry.requests
          .slice(before)
          .filter(({ path }) => path === '/token')
          .map(({ method }) => method),
      ).toEqual(['POST']);
    } finally {
      registry.stop();
    }
  });

  test('a token that runs out in the middle of a pull is renewed once', async () => {
    const { env, config } = home();
    const tokens = { now: 't1' };
    let blobs = 0;
    const registry = closed(tokens, () => {
      return Response.json({ token: tokens.now });
    });
    const expiring = startFakeRegistry(
      { app: small },
      {
        answer: (request, honest) => {
          if (request.path === '/token') return Response.json({ token: tokens.now });
          if (request.path.includes('/blobs/') && ++blobs === 2) tokens.now = 't2';
          if (request.headers.get('authorization') === `Bearer ${tokens.now}`) return honest();
          return failure(401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="http://${registry.address}/token",service="s"` });
        },
      },
    );
    try {
      await box.ok(['pull', '-q', `${expiring.address}/app`], { env });
      await box.ok(['rmi', `${expiring.address}/app`]);
      expect(registry.fetched('/token')).toBe(2);
      expect(existsSync(config)).toBe(false);
    } finally {
      registry.stop();
      expiring.stop();
    }
  });
});

test('a helper program is asked for every process of a pull whose token runs out', async () => {
  const { env, config, folder } = home();
  const big = imageOf({
    layers: [1, 2, 3, 4].map((at) =>
      layerOf(tarOf([{ path: `file-${at}`, content: crypto.getRandomValues(new Uint8Array(2 << 20)) }]), 'gzip'),
    ),
  });
  const sizes = new Map([...big.blobs].map(([digest, bytes]) => [digest, bytes.length]));
  let valid = 't1';
  const refused = new Set<string>();
  const registry = startFakeRegistry(
    { app: big },
    {
      answer: (request, honest) => {
        if (request.path === '/token') {
          const isMe = request.headers.get('authorization') === `Basic ${base64(`me:${PASSWORD}`)}`;
          return isMe ? Response.json({ token: valid }) : failure(401, 'UNAUTHORIZED');
        }
        // It runs out as soon as the first layer is asked for.
        if ((sizes.get(request.path.split('/').at(-1) ?? '') ?? 0) > 1 << 20) valid = 't2';
        if (request.headers.get('authorization') === `Bearer ${valid}`) return honest();
        refused.add(request.path);
        return failure(401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="http://${registry.address}/token",service="s"` });
      },
    },
  );
  try {
    const calls = join(folder, 'calls');
    mkdirSync(join(folder, 'bin'));
    const answer = JSON.stringify({ ServerURL: registry.address, Username: 'me', Secret: PASSWORD });
    write(`home-answer-${count}`, answer);
    const script = `#!/bin/sh\necho "$* by $(id -u)" >> '${calls}'\ncat '${join(box.files, `home-answer-${count}`)}'\n`;
    writeFileSync(join(folder, 'bin/docker-credential-paper'), script, { mode: 0o755 });
    write(config.slice(box.files.length + 1), { credHelpers: { [registry.address]: 'paper' } });
    const name = `${registry.address}/app`;
    await box.ok(['pull', '-q', name], { env: { ...env, PATH: `${join(folder, 'bin')}:${box.env.PATH}` } });
    await box.ok(['rmi', name]);
    const asked = readFileSync(calls, 'utf8').trim().split('\n');
    expect(new Set(asked)).toEqual(new Set([`get by ${process.getuid?.()}`]));
    // By the worker, and by the process that helps it, if there was one to help.
    expect(asked.length).toBeLessThanOrEqual(2);
    expect(refused.size).toBeGreaterThan(0);
  } finally {
    registry.stop();
  }
});

describe('the file', () => {
  const open = () => startFakeRegistry({});

  test('keeps what it holds otherwise, and a symlink to it', async () => {
    const { env, config, folder } = home();
    const registry = open();
    try {
      const real = join(folder, 'dotfiles/docker.json');
      mkdirSync(dirname(real));
      mkdirSync(dirname(config));
      const held = {
        auths: { 'a.io': { auth: base64('a:b'), extra: 1 } },
        credHelpers: {},
        detachKeys: 'ctrl-q',
        proxies: { default: {} },
      };
      writeFileSync(real, JSON.stringify(held));
      symlinkSync(real, config);
      await box.ok(['login', '-u', 'me', '-p', 'x', registry.address], { env });
      expect(lstatSync(config).isSymbolicLink()).toBe(true);
      expect(readJson(real)).toEqual({ ...held, auths: { ...held.auths, [registry.address]: { auth: base64('me:x') } } });
    } finally {
      registry.stop();
    }
  });

  test('that cannot be written is told, and the old one stands', async () => {
    const { env, config } = home();
    const registry = open();
    write(config.slice(box.files.length + 1), '{}');
    chmodSync(dirname(config), 0o500);
    try {
      const { stdout, stderr, code } = await box.skiff(['login', '-u', 'me', '--password-stdin', registry.address], {
        env,
        stdin: PASSWORD,
      });
      expect(stderr).toContain(`skiff: Cannot write "${config}": EACCES\n`);
      expect(stderr).not.toContain(PASSWORD);
      expect({ stdout, code, text: readFileSync(config, 'utf8') }).toEqual({ stdout: '', code: 1, text: '{}' });
    } finally {
      chmodSync(dirname(config), 0o700);
      registry.stop();
    }
  });

  test('loses none of several logins at once', async () => {
    const { env, config } = home();
    const registry = open();
    try {
      const parts = ['a', 'b', 'c', 'd', 'e', 'f'].map((part) => `${registry.address}/${part}`);
      await Promise.all(parts.map((part) => box.ok(['login', '-u', 'me', '-p', 'x', part], { env })));
      expect(Object.keys(readJson(config).auths).sort()).toEqual(parts);
    } finally {
      registry.stop();
    }
  });

  test('is where --config, DOCKER_CONFIG or REGISTRY_AUTH_FILE say', async () => {
    const { env, config, folder } = home();
    const registry = open();
    const auth = { auths: { [registry.address]: { auth: base64('me:x') } } };
    try {
      const login = ['login', '-u', 'me', '-p', 'x', registry.address];
      await box.ok(['--config', join(folder, 'flag'), ...login], { env });
      expect(readJson(join(folder, 'flag/config.json'))).toEqual(auth);
      await box.ok(login, { env: { ...env, DOCKER_CONFIG: join(folder, 'variable') } });
      expect(readJson(join(folder, 'variable/config.json'))).toEqual(auth);
      await box.ok(login, { env: { ...env, REGISTRY_AUTH_FILE: join(folder, 'auth.json') } });
      expect(readJson(join(folder, 'auth.json'))).toEqual(auth);
      await box.ok(['--config', join(folder, 'typed'), ...login], { env: { ...env, REGISTRY_AUTH_FILE: join(folder, 'none.json') } });
      expect([existsSync(join(folder, 'typed/config.json')), existsSync(join(folder, 'none.json'))]).toEqual([true, false]);
      expect(existsSync(config)).toBe(false);
    } finally {
      registry.stop();
    }
  });

  test.each([
    ['{"auths": {"a.io": {"auth": "c2VjcmV0"', 'it is not JSON'],
    ['[]', 'it is not a JSON object'],
    ['{"auths": {"a.io": {"auth": 5}}}', '"auths.a.io.auth" in it is not what it should be'],
  ])('of %j is left alone, with one sentence', async (text, why) => {
    const { env, config } = home();
    write(config.slice(box.files.length + 1), text);
    for (const args of [
      ['login', '-u', 'a', '-p', 'b', 'localhost:1'],
      ['logout', 'a.io'],
    ]) {
      const { stderr, code } = await box.skiff(args, { env });
      expect(stderr).toContain(`skiff: Cannot use "${config}": ${why}\n`);
      expect(stderr).not.toContain('c2VjcmV0');
      expect(code).toBe(1);
    }
    expect(readFileSync(config, 'utf8')).toBe(text);
    // What needs no login does not need the file.
    await box.ok(['pull', '-q', image('busybox')], { env });
  });
});

describe('a helper that', () => {
  test.each([
    ['prints garbage', 'echo "<html>hunter2</html>"', '"docker-credential-bad" failed: '],
    ['hangs', 'exec sleep 600', '"docker-credential-bad" has not answered within 0.5 seconds'],
    ['is not there', undefined, '"docker-credential-bad" is not in $PATH'],
  ])('%s fails a login in one sentence, and no pull that needs none', async (_name, script, why) => {
    const { env, config, folder } = home();
    write(config.slice(box.files.length + 1), { credsStore: 'bad' });
    const registry = startFakeRegistry({});
    const helper = join(folder, 'bin/docker-credential-bad');
    mkdirSync(dirname(helper));
    if (script) writeFileSync(helper, `#!/bin/sh\n${script}\nexit 1\n`, { mode: 0o755 });
    const variables = { ...env, PATH: `${dirname(helper)}:${box.env.PATH}`, SKIFF_CREDENTIAL_TIMEOUT: '0.5' };
    try {
      const { stderr, code } = await box.skiff(['login', '-u', 'me', '--password-stdin', registry.address], {
        env: variables,
        stdin: PASSWORD,
      });
      expect(stderr).toContain(`skiff: Cannot save the credentials for "${registry.address}": ${why}`);
      expect(stderr).not.toContain(PASSWORD);
      expect(code).toBe(1);
      expect(readJson(config)).toEqual({ credsStore: 'bad' });
      await box.ok(['pull', '-q', image('busybox')], { env: variables });
    } finally {
      registry.stop();
      rmSync(helper, { force: true });
    }
  });

  test('prints garbage when a private image is pulled is why that fails', async () => {
    const { env, config, folder } = home();
    write(config.slice(box.files.length + 1), { credsStore: 'bad' });
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/docker-credential-bad'), '#!/bin/sh\necho hunter2\n', { mode: 0o755 });
    const registry = startFakeRegistry({}, { answer: () => failure(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="closed"' }) });
    try {
      const { stderr, code } = await box.skiff(['pull', `${registry.address}/app`], {
        env: { ...env, PATH: `${join(folder, 'bin')}:${box.env.PATH}` },
      });
      expect(stderr).toContain(`Cannot get the credentials for "${registry.address}": "docker-credential-bad" did not print JSON`);
      expect(stderr).not.toContain('hunter2');
      expect(code).toBe(1);
    } finally {
      registry.stop();
    }
  });
});

test.each([
  [['login', '-u', 'a', '-p', 'b', '--password-stdin', 'localhost:1'], '--password and --password-stdin are mutually exclusive'],
  [['login', '--password-stdin', 'localhost:1'], 'Must provide --username with --password-stdin'],
  [['login', '-u', '', '-p', 'b', 'localhost:1'], 'username is empty'],
  [['login', '-u', 'a', '-p', '', 'localhost:1'], 'password is empty'],
  [['login', '-u', 'a', '--password-stdin', 'localhost:1'], 'password is empty'],
  [['login', '-u', 'a', 'localhost:1'], 'Cannot perform an interactive login from a non TTY device'],
  [['login', '-u', 'a', '-p', 'b', 'not a host'], '"not a host" is not the name of a registry'],
  [['login', '-u', 'a', '-p', 'b', 'ghcr.io/UPPER'], '"ghcr.io/UPPER" is not the name of a registry'],
  [['login', '-u', 'a', '-p', 'b', 'localhost:1'], 'dial tcp localhost:1: connect: connection refused'],
])('skiff %j is one sentence: %s', async (args, message) => {
  const { env, config } = home();
  const { stderr, stdout, code } = await box.skiff(args, { env });
  expect(stderr).toContain(`skiff: ${message}\n`);
  expect({ stdout, code, isWritten: existsSync(config) }).toEqual({ stdout: '', code: 1, isWritten: false });
});
