// Five Dockerfiles as people have them, below test/e2e/build-real/: they build, run and answer. Debian's packages come by apt inside RUN, over the
// network that the host has, and by way of cache mounts that the builds share.
import { appendFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { aptSources } from './support/images/debian.ts';
import { hasImage, image, openSandbox } from './support/sandbox.ts';

const LONG_MS = 300_000;
const box = openSandbox();
const fixtures = join(process.cwd(), 'test/e2e/build-real');
const why = reason();

/** Why packages cannot be installed; '' when they can. */
function reason(): string {
  if (!hasImage('debian')) return ' (making the image of Debian needs root once)';
  const [source] = aptSources();
  const asked =
    source && Bun.spawnSync(['curl', '-fsIL', '-m', '15', `${source.uri.replace(/\/$/, '')}/dists/${source.release}/InRelease`]);
  return asked?.exitCode === 0 ? '' : ' (no mirror of Debian can be reached)';
}

beforeAll(async () => {
  cpSync(fixtures, join(box.files, 'real'), { recursive: true });
  if (!hasImage('debian')) return;
  await box.ok(['pull', '--quiet', image('debian')], { timeoutMs: LONG_MS });
  await box.ok(['tag', image('debian'), 'debian']);
});

const build = (name: string, ...args: string[]): Promise<string> =>
  box.ok(['build', '--progress', 'quiet', '-t', name, ...args], { cwd: join(box.files, 'real'), timeoutMs: LONG_MS });

/** Runs the image in the background, and gives what its port answers to each path. */
async function answers(name: string, port: number, ...paths: string[]): Promise<string[]> {
  await box.ok(['run', '-d', '--name', name, '-p', `127.0.0.1::${port}`, name]);
  const address = (await box.ok(['port', name, `${port}`])).split('\n')[0] ?? '';
  const told: string[] = [];
  for (const path of paths) {
    const answer = await eventually(`${name} answers`, async () => {
      const response = await fetch(`http://${address}/${path}`).catch(() => undefined);
      return response?.ok ? response.text() : undefined;
    });
    told.push(answer);
  }
  return told;
}

describe(`with packages of Debian${why}`, () => {
  const real: typeof test = why === '' ? test : test.skip;

  real(
    'a Node service: several stages, cache mounts, a user of its own',
    async () => {
      await build('real-node', '--build-arg', 'VERSION=3.2.1', 'node');
      expect(await answers('real-node', 3000, 'you')).toEqual(['hello, you from 3.2.1 as somebody\n']);
      // What the cache mounts held is not in the image.
      const left = ['run', '--rm', '--network', 'none', '--user', '0', 'real-node', 'ls', '-A', '/var/cache/apt', '/var/lib/apt/lists'];
      expect(await box.ok(left)).toBe('/var/cache/apt:\n\n/var/lib/apt/lists:');
      // A change of the source alone installs nothing again.
      appendFileSync(join(box.files, 'real/node/src/server.js'), '// changed\n');
      const again = ['build', '--progress', 'plain', '--target', 'test', 'node'];
      const { code, stderr } = await box.skiff(again, { cwd: join(box.files, 'real'), timeoutMs: LONG_MS });
      expect([code, stderr.includes('Setting up nodejs'), stderr.includes('RUN node --check')]).toEqual([0, false, true]);
    },
    LONG_MS,
  );

  real(
    'a Python app: apt-get, pip, a package that is copied over, a user',
    async () => {
      await build('real-python', 'python');
      expect(await answers('real-python', 8000, 'you')).toEqual(['hello, you from greeter 2.1.0 as 65534\n']);
      // The stage that has pip is not in it.
      expect((await box.skiff(['run', '--rm', '--entrypoint', 'pip', 'real-python', '--version'])).code).toBe(127);
    },
    LONG_MS,
  );

  real(
    'a C program, built in one stage and copied to scratch',
    async () => {
      await build('real-c', 'c');
      expect(await answers('real-c', 8080, '')).toEqual(['hello from scratch as 65534\n']);
      expect(JSON.parse(await box.ok(['image', 'inspect', '-f', '{{json .RootFS.Layers}}', 'real-c']))).toHaveLength(1);
    },
    LONG_MS,
  );

  real(
    'nginx: a health check, a user, its logs on standard output',
    async () => {
      await build('real-nginx', '--build-arg', 'SITE_NAME=the site', 'nginx');
      expect(await answers('real-nginx', 8080, '', 'name.txt')).toEqual(['<h1>served</h1>\n', 'the site\n']);
      await eventually(
        'it is healthy',
        async () => (await box.ok(['inspect', '-f', '{{.State.Health.Status}}', 'real-nginx'])) === 'healthy',
      );
      expect((await box.skiff(['logs', 'real-nginx'])).stdout).toContain('GET /name.txt');
      expect(await box.ok(['image', 'inspect', '-f', '{{index .Config.Labels "org.opencontainers.image.title"}}', 'real-nginx'])).toBe(
        'the site',
      );
      expect(await box.ok(['exec', 'real-nginx', 'id', '-un'])).toBe('www-data');
    },
    LONG_MS,
  );
});

(hasImage('debian') ? test : test.skip)(
  'a monorepo (its base, Debian, needs root once): targets of one file, and files of a second context',
  async () => {
    const shared = ['--build-context', 'shared=monorepo-shared', 'monorepo'];
    await Promise.all(['web', 'api'].map((target) => build(`real-${target}`, '--target', target, ...shared)));
    expect(await answers('real-web', 8080, '', 'theme.css')).toEqual(['<link href="theme.css">\n', 'body {\n  color: teal;\n}\n']);
    expect(await answers('real-api', 8080, '', 'version')).toEqual(['{"service":"api"}\n', '7.1\n']);
    const broken = await box.skiff(['build', ...shared], { cwd: join(box.files, 'real') });
    expect([broken.code, broken.stderr]).toEqual([1, expect.stringMatching(/RUN exit 9/)]);
  },
);
