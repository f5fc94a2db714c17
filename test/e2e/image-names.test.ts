// Images and their names: history, untag, rmi with all its flags and refusals, the tree, and every word of `docker image`.
import { startFakeRegistry } from './support/fake-registry.ts';
import { imageOf, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const multi = image('multi');
const idOf = (name: string) => box.ok(['inspect', '-f', '{{.Id}}', name]);
const names = async () => (await box.ok(['images', '--format', '{{.Repository}}:{{.Tag}}'])).split('\n').filter(Boolean).sort();

beforeEach(() => box.ok(['pull', '--quiet', busybox]));

describe('history', () => {
  test('a step a line, newest first: the image, then <missing>; steps without a layer have no size', async () => {
    const layer = layerOf(tarOf([{ path: 'a', content: 'x'.repeat(1234) }]));
    const built = imageOf({ layers: [layer] });
    const registry = startFakeRegistry({ built });
    try {
      await box.ok(['pull', '--quiet', `${registry.address}/built`]);
      await box.ok(['create', '--name', 'step', `${registry.address}/built`, 'x']);
      await box.ok(['commit', '--change', 'CMD ["sh"]', '-m', 'a note', 'step', 'committed']);
      const rows = (await box.ok(['history', '--format', '{{.ID}}|{{.Size}}|{{.Comment}}', 'committed'])).split('\n');
      expect(rows).toEqual([`${(await idOf('committed')).slice(7, 19)}|0B|a note`, expect.stringMatching(/^<missing>\|1\.23kB\|$/)]);
      await box.ok(['rm', 'step']);
      await box.ok(['rmi', 'committed', `${registry.address}/built`]);
    } finally {
      registry.stop();
    }
  });

  test('columns, plain numbers, ids, templates and json', async () => {
    const id = await idOf(busybox);
    const [head = '', row = ''] = (await box.ok(['history', busybox])).split('\n');
    expect(head).toMatch(/^IMAGE {10}CREATED +CREATED BY +SIZE +COMMENT$/);
    expect(row).toMatch(new RegExp(`^${id.slice(7, 19)} {3}\\d+ years ago +layer 1 +[\\d.]+MB +$`));
    expect(await box.ok(['history', '--human=false', '--no-trunc', busybox])).toMatch(
      new RegExp(
        `^IMAGE +CREATED AT +CREATED BY +SIZE +COMMENT\n${id} +\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(Z|[+-]\\d\\d:\\d\\d) +layer 1 +\\d{7} +$`,
      ),
    );
    expect(await box.ok(['image', 'history', '-q', '--no-trunc', busybox])).toBe(id);
    expect(Object.keys(JSON.parse(await box.ok(['history', '--format', 'json', busybox])))).toEqual([
      'Comment',
      'CreatedAt',
      'CreatedBy',
      'CreatedSince',
      'ID',
      'Size',
    ]);
    expect(await box.ok(['history', '--platform', 'linux/amd64', '--format', '{{.CreatedBy}}', busybox])).toBe('layer 1');
  });

  test.each([
    [['history', 'no-such'], 1, 'No such image: no-such:latest'],
    [
      ['history', '--platform', 'linux/s390x', busybox],
      1,
      `image with reference ${busybox} was found but does not provide the specified platform (linux/s390x)`,
    ],
    [['history', '--platform', 'a/b/c/d', busybox], 1, '"a/b/c/d" is an invalid platform'],
    [['history', '--format', '{{.Nope}}', busybox], 1, 'Nope'],
    [['history'], 1, 'requires 1 argument'],
    [['image', 'inspect', '--platform', 'linux/s390x', busybox], 1, 'does not provide the specified platform (linux/s390x)'],
  ])('%j is refused', async (words, exitCode, sentence) => {
    const { stderr, code } = await box.skiff(words);
    expect(code).toBe(exitCode);
    expect(stderr).toContain(sentence);
  });
});

describe('untag', () => {
  test('takes one name, or all, and leaves the image', async () => {
    await box.ok(['tag', busybox, 'one']);
    await box.ok(['tag', busybox, 'two:v2']);
    const id = await idOf(busybox);
    expect(await box.skiff(['untag', id.slice(7), 'two:v2'])).toEqual({ stdout: '', stderr: '', code: 0 });
    expect(await names()).toEqual([`${busybox}:latest`, 'one:latest']);
    await box.ok(['image', 'untag', 'one']);
    expect(await names()).toEqual(['<none>:<none>']);
    expect(await box.ok(['run', '--rm', id, 'echo', 'runs'])).toBe('runs');
    await box.ok(['rmi', id]);
  });

  test('a name that is not the image’s is refused, and none of the others goes', async () => {
    await box.ok(['tag', busybox, 'mine']);
    const { stderr, code } = await box.skiff(['untag', busybox, 'mine', 'other']);
    expect([code, stderr.split('\n')[0]]).toEqual([1, 'skiff: other:latest: tag not known']);
    expect((await box.skiff(['untag', 'nobody'])).stderr).toContain('No such image: nobody:latest');
    expect((await box.skiff(['untag', busybox, 'UPPER'])).stderr).toContain('invalid reference format');
    expect(await names()).toEqual([`${busybox}:latest`, 'mine:latest']);
    await box.ok(['untag', 'mine', 'mine']);
  });
});

describe('rmi', () => {
  test('by digest it takes the digest, by id of several repositories it wants -f', async () => {
    const digest = (await box.ok(['inspect', '-f', '{{index .RepoDigests 0}}', busybox])).split('@')[1];
    const id = await idOf(busybox);
    await box.ok(['tag', busybox, 'elsewhere']);
    const refused = await box.skiff(['rmi', id]);
    expect([refused.code, refused.stderr.split('\n')[0]]).toEqual([
      1,
      `skiff: conflict: unable to delete ${id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`,
    ]);
    expect(await box.ok(['rmi', `${busybox}@${digest}`])).toBe(`Untagged: ${busybox}@${digest}`);
    expect(await names()).toEqual([`${busybox}:latest`, 'elsewhere:latest']);
    expect((await box.ok(['rmi', '-f', id])).split('\n').slice(0, 3)).toEqual([
      `Untagged: ${busybox}:latest`,
      'Untagged: elsewhere:latest',
      `Deleted: ${id}`,
    ]);
  });

  test('an image in use is refused in Docker’s words: by a stopped container unless forced, by a running one by id always', async () => {
    const id = await idOf(busybox);
    const stopped = await box.ok(['create', '--name', 'stopped', busybox, 'sleep', '1000']);
    const first = async (...words: string[]) => (await box.skiff(words)).stderr.split('\n')[0];
    const [image, user] = [id.slice(7, 19), stopped.slice(0, 12)];
    expect(await first('rmi', busybox)).toBe(
      `skiff: conflict: unable to remove repository reference "${busybox}" (must force) - container ${user} is using its referenced image ${image}`,
    );
    expect(await first('rmi', id)).toBe(
      `skiff: conflict: unable to delete ${image} (must be forced) - image is being used by stopped container ${user}`,
    );
    await box.ok(['start', 'stopped']);
    expect(await first('rmi', '-f', id)).toBe(
      `skiff: conflict: unable to delete ${image} (cannot be forced) - image is being used by running container ${user}`,
    );
    expect(await box.ok(['rmi', '-f', busybox])).toContain(`Untagged: ${busybox}:latest`);
    expect(await box.ok(['exec', 'stopped', 'echo', 'lives'])).toBe('lives');
    await box.ok(['rm', '-f', 'stopped']);
    expect(await box.ok(['rmi', id])).toContain(`Deleted: ${id}`);
  });

  test('--platform removes the platform that is here and refuses another; --no-prune is taken', async () => {
    await box.ok(['pull', '--quiet', multi]);
    const { stderr, code } = await box.skiff(['rmi', '--platform', 'linux/arm64', multi]);
    expect([code, stderr.split('\n')[0]]).toEqual([
      1,
      `skiff: image with reference ${multi} was found but does not provide the specified platform (linux/arm64)`,
    ]);
    expect((await box.skiff(['rmi', '--platform', 'linux/arm64,linux/amd64', multi])).stderr).toContain(
      'multiple platforms are not supported',
    );
    expect(await box.ok(['image', 'rm', '--no-prune', '--platform', 'linux/amd64', multi])).toContain(`Untagged: ${multi}:latest\n`);
  });

  test('of several names each is removed or told of', async () => {
    const { stdout, stderr, code } = await box.skiff(['image', 'remove', 'absent', busybox]);
    expect([code, stdout.split('\n')[0], stderr.split('\n')[0]]).toEqual([
      1,
      `Untagged: ${busybox}:latest`,
      'skiff: No such image: absent:latest',
    ]);
    expect(await box.skiff(['rmi', '-f', 'absent'])).toEqual({ stdout: '', stderr: 'skiff: No such image: absent:latest\n', code: 0 });
  });
});

test('images --tree names the platforms of the index, what is here and what is in use', async () => {
  await box.ok(['pull', '--quiet', multi]);
  await box.ok(['create', '--name', 'user', multi]);
  const id = (await idOf(multi)).slice(7, 19);
  const tree = await box.ok(['images', '--tree', multi]);
  const [head, top, ...branches] = tree.split('\n');
  expect(head).toMatch(/^IMAGE +ID +DISK USAGE +CONTENT SIZE +USED$/);
  expect(top).toMatch(new RegExp(`^${multi}:latest +${id} +[\\d.]+MB +[\\d.]+MB +✔$`));
  expect(branches.map((line) => line.replace(/ +[0-9a-f]{12} +/, ' ').replace(/[\d.]+MB/g, 'N'))).toEqual([
    expect.stringMatching(/^├─ linux\/arm64 +0B +0B$/),
    expect.stringMatching(/^├─ linux\/arm\/v7 +0B +0B$/),
    expect.stringMatching(/^└─ linux\/amd64 N +N +✔$/),
  ]);
  expect((await box.skiff(['images', '--tree', '--quiet'])).stderr).toContain('--quiet is not yet supported with --tree');
  await box.ok(['rm', 'user']);
});

test.each(['history', 'inspect', 'ls', 'pull', 'rm', 'tag', 'untag'])('skiff image %s is there', async (verb) => {
  expect(await box.ok(['image', verb, '--help'])).toMatch(/^Usage: {2}skiff /);
});
