// The build cache: what is a hit and what is not, why, what it takes of the disk, and what removes from it.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainedBuild, writeContext } from './support/build-explained.ts';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const NEW = 'nothing is remembered of this step: it was not built here before';
const records = () => {
  const folder = join(box.root, 'build-cache/records');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
};
const entries = async (...flags: string[]): Promise<Record<string, string>[]> =>
  (await box.ok(['builder', 'du', '--format', 'json', ...flags]))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const descriptions = async (...flags: string[]) => (await entries(...flags)).map(({ Description }) => Description).sort();

/** What du counts below folders of the store, as root of the user's ids. */
function du(...folders: string[]): number {
  const paths = folders.map((folder) => join(box.root, folder));
  const done = Bun.spawnSync(['unshare', '--map-auto', '--map-root-user', 'du', '-scB1', ...paths], { stdin: 'ignore', stderr: 'inherit' });
  return Number(done.stdout.toString().trim().split('\n').at(-1)?.split('\t')[0]);
}

beforeAll(async () => {
  await box.ok(['pull', '--quiet', image('busybox')]);
  await box.ok(['tag', image('busybox'), 'busybox']);
});
afterEach(async () => {
  await box.ok(['builder', 'prune', '-af']);
});

describe('what is a hit', () => {
  test('contents and modes of files count, and their times do not', async () => {
    const context = writeContext(box, 'contents', {
      Dockerfile: 'FROM busybox\nCOPY . /all/\nRUN true\n',
      'a.txt': 'a',
      'sub/b.txt': 'b',
    });
    expect(await explainedBuild(box, ['-t', 'x', context])).toEqual({ 'COPY . /all/': NEW, 'RUN true': NEW });
    const past = new Date('2001-02-03');
    utimesSync(join(context, 'a.txt'), past, past);
    writeFileSync(join(context, 'sub/b.txt'), 'b');
    expect(await explainedBuild(box, ['-t', 'x', context])).toEqual({ 'COPY . /all/': 'HIT', 'RUN true': 'HIT' });
    chmodSync(join(context, 'a.txt'), 0o755);
    const changed = await explainedBuild(box, ['-t', 'x', context]);
    expect(changed['COPY . /all/']).toMatch(/^the file "\/?a\.txt" changed$/);
    expect(changed['RUN true']).toMatch(/^what it is built on changed from [0-9a-f]{12} to [0-9a-f]{12}$/);
    writeFileSync(join(context, 'new.txt'), '');
    expect((await explainedBuild(box, ['-t', 'x', context]))['COPY . /all/']).toMatch(/^the file "\/?new\.txt" is new$/);
    // All as it was before: what is in the cache is found again, by whichever build it was made.
    rmSync(join(context, 'new.txt'));
    expect(await explainedBuild(box, ['-t', 'x', context])).toEqual({ 'COPY . /all/': 'HIT', 'RUN true': 'HIT' });
  });

  test('an argument that a step sees makes it miss, one that it does not see leaves it alone', async () => {
    const context = writeContext(box, 'arguments', {
      Dockerfile: 'FROM busybox\nRUN echo before\nARG VERSION=1\nRUN echo $VERSION > /version\n',
    });
    const first = 'RUN echo before';
    await explainedBuild(box, ['-t', 'x', context]);
    const changed = await explainedBuild(box, ['-t', 'x', '--build-arg', 'VERSION=2', context]);
    expect(changed).toEqual({ [first]: 'HIT', 'RUN echo 2 > /version': 'the variable VERSION changed from "1" to "2"' });
    expect(await box.ok(['run', '--rm', '--network', 'none', 'x', 'cat', '/version'])).toBe('2');
    expect(await explainedBuild(box, ['-t', 'x', '--build-arg', 'VERSION=1', context])).toEqual({
      [first]: 'HIT',
      'RUN echo 1 > /version': 'HIT',
    });
  });

  test('another instruction, another base, and no cache at all', async () => {
    const context = writeContext(box, 'instructions', { Dockerfile: 'FROM busybox\nRUN echo one\n' });
    await explainedBuild(box, ['-t', 'x', context]);
    writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nRUN echo two\n');
    expect(await explainedBuild(box, ['-t', 'x', context])).toEqual({ 'RUN echo two': 'the instruction changed: it was "RUN echo one"' });
    await box.ok(['build', '-q', '-t', 'busybox:other', '-'], { stdin: 'FROM busybox\nRUN echo other > /other\n' });
    writeFileSync(join(context, 'Dockerfile'), 'FROM busybox:other\nRUN echo two\n');
    expect((await explainedBuild(box, ['-t', 'x', context]))['RUN echo two']).toMatch(/^what it is built on changed from /);
    const none = await explainedBuild(box, ['-t', 'x', '--no-cache', context]);
    expect(none['RUN echo two']).toBe('the cache is not to be used');
  });

  test('the image is the very same when all of it comes from the cache, and after it was removed', async () => {
    const context = writeContext(box, 'same', { Dockerfile: 'FROM busybox\nRUN date > /when\nCOPY Dockerfile /\n' });
    const id = await box.ok(['build', '-q', '-t', 'x', context]);
    expect(await box.ok(['build', '-q', '-t', 'x', context])).toBe(id);
    await box.ok(['rmi', 'x']);
    expect(Object.values(await explainedBuild(box, ['-t', 'x', context]))).toEqual(['HIT', 'HIT']);
    expect(await box.ok(['images', '-q', '--no-trunc', 'x'])).toBe(id);
  });

  test('a build that fails keeps what it had done', async () => {
    const context = writeContext(box, 'failing', { Dockerfile: 'FROM busybox\nRUN echo done > /done\nRUN exit 3\n' });
    expect((await box.skiff(['build', '-t', 'x', context])).code).toBe(1);
    writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nRUN echo done > /done\nRUN echo now\n');
    const { 'RUN echo done > /done': first } = await explainedBuild(box, ['-t', 'x', context]);
    expect(first).toBe('HIT');
  });

  test('a build that is killed right after a step keeps the step, and leaves nothing else', async () => {
    const context = writeContext(box, 'killed', { Dockerfile: 'FROM busybox\nRUN echo done > /done\nRUN sleep 1000\n' });
    const running = box.start(['build', '--progress', 'plain', '--output', 'type=cacheonly', context]);
    await eventually('the first step is remembered', () => records().length > 0);
    running.kill('SIGKILL');
    await running.exited;
    writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nRUN echo done > /done\nRUN echo now\n');
    const { 'RUN echo done > /done': first } = await explainedBuild(box, ['--output', 'type=cacheonly', context]);
    expect(first).toBe('HIT');
    expect(await box.ok(['system', 'check', '--repair'])).toMatch(/ 0 problems/);
  });

  test('what was built is found after a restart of the machine', async () => {
    const context = writeContext(box, 'reboot', { Dockerfile: 'FROM busybox\nRUN echo kept > /kept\n' });
    await box.ok(['build', '-q', '--output', 'type=cacheonly', context]);
    const later = { env: { SKIFF_BOOT_ID: 'another-boot' } };
    const { stderr } = await box.skiff(['build', '--progress', 'plain', '--output', 'type=cacheonly', context], later);
    expect(stderr).toMatch(/RUN echo kept > \/kept\n#\d+ CACHED/);
    // Without the note that it is on the disk it does not count.
    for (const hex of readdirSync(join(box.root, 'layers'))) rmSync(join(box.root, 'layers', hex, 'synced'), { force: true });
    const again = await box.skiff(['build', '--progress', 'plain', '--output', 'type=cacheonly', context], later);
    expect(again.stderr).not.toMatch(/RUN echo kept > \/kept\n#\d+ CACHED/);
    expect(again.code).toBe(0);
  });

  test('a context of many files that changed in one says which', async () => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`src/${index}.txt`, `${index}`]));
    const context = writeContext(box, 'many', { Dockerfile: 'FROM busybox\nCOPY src /src\n', ...files });
    await explainedBuild(box, ['-t', 'x', context]);
    writeFileSync(join(context, 'src/123.txt'), 'changed');
    expect((await explainedBuild(box, ['-t', 'x', context]))['COPY src /src']).toMatch(/^the file "[^"]*123\.txt" changed$/);
  });
});

describe('what it takes', () => {
  const context = () =>
    writeContext(box, 'sizes', {
      Dockerfile: [
        'FROM busybox AS one',
        'RUN head -c 300000 /dev/urandom > /one',
        'FROM busybox',
        'RUN --mount=type=cache,target=/c,id=mine head -c 200000 /dev/urandom > /c/f',
        'COPY --from=one /one /two',
        '',
      ].join('\n'),
    });

  test('builder du lists steps and cache mounts with what comes free, filters, and adds up', async () => {
    await box.ok(['build', '-q', '-t', 'x', context()]);
    const all = await entries();
    // A step that reads files is known by two keys: by where they come from, and by what they are.
    const rows = new Set(all.map(({ Description, Type, Shared, Mutable }) => [Description, Type, Shared, Mutable].join(' | ')));
    expect([...rows].sort()).toEqual([
      'COPY --from=one /one /two | regular | true | false',
      'RUN --mount=type=cache,target=/c,id=mine head -c 200000 /dev/urandom > /c/f | regular | false | false',
      'RUN head -c 300000 /dev/urandom > /one | regular | false | false',
      'cache mount with id "mine" | exec.cachemount | false | true',
    ]);
    expect(await descriptions('--filter', 'type=exec.cachemount')).toEqual(['cache mount with id "mine"']);
    expect(await descriptions('--filter', 'until=1h')).toEqual([]);
    const text = await box.ok(['builder', 'du']);
    expect(text).toMatch(/^ID +RECLAIMABLE +SIZE +LAST ACCESSED\n/);
    expect(text).toMatch(/\n[0-9a-f]{25}\* +true +2\d\d\.\dkB +Less than a second ago|\n[0-9a-f]{25}\* +true +2\d\d/);
    expect(text).toMatch(/\nReclaimable: +[\d.]+kB\nTotal: +[\d.]+kB$/);
    const verbose = await box.ok(['buildx', 'du', '--verbose', '--filter', 'type=exec.cachemount']);
    expect(verbose).toMatch(
      /^ID: {13}[0-9a-f]{25}\nCreated at: {5}\d{4}-.*\nMutable: {8}true\nReclaimable: {4}true\nShared: {9}false\nSize: {11}[\d.]+kB\nDescription: {4}cache mount with id "mine"\nUsage count: {4}\d\nLast used: {6}.* ago\nType: {11}exec\.cachemount\n$/,
    );
  });

  test('system df says what du says: what images have is counted there, the rest here', async () => {
    await box.ok(['build', '-q', '-t', 'x', context()]);
    const rows = (await box.ok(['system', 'df', '--format', 'json'])).split('\n').map((line) => JSON.parse(line));
    const [images, , , cache] = rows;
    const size = (text: string): number => Number.parseFloat(text) * ({ kB: 1e3, MB: 1e6 }[text.replace(/^[\d.]+/, '')] ?? 1);
    const whole = du('images', 'layers', 'tmp', 'build-cache') - du('tmp/claims') - 4096;
    expect(Math.abs(size(images.Size) + size(cache.Size) - whole)).toBeLessThan(2000);
    expect(size(cache.Size)).toBeGreaterThan(du('build-cache') + 600_000);
    expect([cache.Type, cache.TotalCount, cache.Active]).toEqual(['Build Cache', String((await entries()).length), '0']);
    const verbose = await box.ok(['system', 'df', '-v']);
    expect(verbose).toMatch(
      /\nBuild cache usage: [\d.]+[kM]B\n\nCACHE ID +CACHE TYPE +SIZE +CREATED +LAST USED +USAGE +SHARED\n[0-9a-f]{12} /,
    );
    const before = du('images', 'layers', 'build-cache', 'tmp');
    const freed = /Total:\t([\d.]+[kM]B)/.exec(await box.ok(['builder', 'prune', '-af']))?.[1] ?? '';
    expect(Math.abs(before - du('images', 'layers', 'build-cache', 'tmp') - size(freed))).toBeLessThan(2000);
    expect(await entries()).toEqual([]);
    expect(await box.ok(['run', '--rm', '--network', 'none', 'x', 'wc', '-c', '/two'])).toBe('300000 /two');
  });

  test('prune takes what the filter and the limits say, asks first, and leaves what images share unless -a', async () => {
    await box.ok(['build', '-q', '-t', 'x', context()]);
    expect(await box.ok(['builder', 'prune'], { stdin: 'n\n' })).toBe(
      'WARNING! This will remove all dangling build cache.\nAre you sure you want to continue? [y/N] ',
    );
    const count = (await entries()).length;
    const foreseen = await box.ok(['builder', 'prune', '--dry-run', '--filter', 'type=exec.cachemount']);
    expect(foreseen).toMatch(/^ID .*\n[0-9a-f]{25}\* .*\nTotal:\t2\d\d(\.\d)?kB$/);
    expect((await entries()).length).toBe(count);
    await box.ok(['builder', 'prune', '-f', '--filter', 'type=exec.cachemount']);
    expect(await entries('--filter', 'type=exec.cachemount')).toEqual([]);
    await box.ok(['builder', 'prune', '-f', '--filter', 'until=1h']);
    await box.ok(['builder', 'prune', '-f', '--keep-storage', '1GB']);
    await box.ok(['builder', 'prune', '-f', '--max-used-space', '1GB', '--min-free-space', '1kB']);
    expect((await entries()).length).toBe(count - 1);
    await box.ok(['builder', 'prune', '-f']);
    expect((await entries()).every(({ Shared }) => Shared)).toBe(true);
    await box.ok(['buildx', 'prune', '-af']);
    expect(records()).toEqual([]);
  });

  test('system prune takes it too: with dangling images what only they shared, with -a everything', async () => {
    await box.ok(['build', '-q', '-t', 'x', context()]);
    const { stdout } = await box.skiff(['system', 'prune', '-f', '--dry-run']);
    expect(stdout).toMatch(/Build cache objects that would be deleted:\n([0-9a-f]{25}\n)+/);
    expect(records().length).toBeGreaterThan(0);
    expect(await box.ok(['system', 'prune', '-f'])).toMatch(
      /Deleted build cache objects:\n([0-9a-f]{25}\n)+\nTotal reclaimed space: [\d.]+[kM]B$/,
    );
    expect((await entries()).every(({ Shared }) => Shared)).toBe(true);
    await box.ok(['rmi', 'x']);
    expect((await entries()).every(({ Shared }) => !Shared)).toBe(true);
    await box.ok(['system', 'prune', '-f']);
    expect(records()).toEqual([]);
  });

  test('what was used longest ago goes when the cap is reached, and the build that reached it stays whole', async () => {
    const step = (name: string) => ['-', `FROM busybox\nRUN echo ${name} > /${name}; head -c 400000 /dev/urandom >> /${name}\n`] as const;
    const build = async (name: string, env: Record<string, string> = {}) => {
      const [place, stdin] = step(name);
      return box.ok(['build', '-q', '--output', 'type=cacheonly', place], { stdin, env });
    };
    for (const name of ['first', 'second', 'third']) await build(name);
    await build('first');
    await build('fourth', { SKIFF_BUILD_CACHE_MAX: '2500k' });
    expect((await descriptions()).map((text) => /echo (\w+)/.exec(text ?? '')?.[1])).toEqual(['first', 'fourth', 'third']);
    const config = join(box.files, 'config');
    mkdirSync(join(config, 'skiff'), { recursive: true });
    writeFileSync(join(config, 'skiff/build.json'), '{"cacheMax": "1MB"}');
    await build('fifth', { XDG_CONFIG_HOME: config });
    expect((await descriptions()).map((text) => /echo (\w+)/.exec(text ?? '')?.[1])).toEqual(['fifth']);
    await build('sixth', { SKIFF_BUILD_CACHE_MAX: '0' });
    expect(await entries()).toEqual([]);
    expect(await box.ok(['system', 'check'])).toMatch(/ 0 problems$/);
    writeFileSync(join(config, 'skiff/build.json'), '{"cacheMax": "much"}');
    expect(await box.skiff(['build', '-'], { stdin: step('x')[1], env: { XDG_CONFIG_HOME: config } })).toMatchObject({
      stderr: expect.stringContaining('"cacheMax" is a size such as "10GB", 0 for no cache, or "unlimited", not "much"'),
      code: 1,
    });
    expect(await box.skiff(['build', '-'], { stdin: step('x')[1], env: { SKIFF_BUILD_CACHE_MAX: 'lots' } })).toMatchObject({
      stderr: expect.stringContaining('Cannot use SKIFF_BUILD_CACHE_MAX="lots": it is not a size'),
      code: 1,
    });
  });

  test('a cache mount that a build has is not taken from it', async () => {
    const dockerfile = 'FROM busybox\nRUN --mount=type=cache,target=/c echo x > /c/f; while [ ! -e /c/go ]; do sleep 0.1; done; cat /c/f\n';
    const running = box.start(['build', '--progress', 'plain', '--output', 'type=cacheonly', '-']);
    running.stdin.write(dockerfile);
    await running.stdin.end();
    const mounts = join(box.root, 'build-cache/mounts');
    const folder = await eventually('the step has its mount', () => {
      const [name = ''] = existsSync(mounts) ? readdirSync(mounts) : [];
      return existsSync(join(mounts, name, 'fs/f')) ? join(mounts, name, 'fs') : undefined;
    });
    expect((await entries('--filter', 'type=exec.cachemount')).map(({ InUse }) => InUse)).toEqual([true]);
    await box.ok(['builder', 'prune', '-af']);
    expect(readFileSync(join(folder, 'f'), 'utf8')).toBe('x\n');
    writeFileSync(join(folder, 'go'), '');
    expect(await running.exited).toBe(0);
    await box.ok(['builder', 'prune', '-af']);
    expect(readdirSync(mounts)).toEqual([]);
  });
});

describe('damage', () => {
  test('records that cannot be read and records whose layer is gone are leftovers: a repair drops them, and the steps run again', async () => {
    const context = writeContext(box, 'damage', {
      Dockerfile: 'FROM busybox AS one\nRUN echo 1 > /1\nRUN echo 2 > /2\nFROM busybox\nCOPY --from=one /1 /2 /\n',
    });
    await box.ok(['build', '-q', '-t', 'x', context]);
    const all = records().map((name) => join(box.root, 'build-cache/records', name));
    const ofStep = (text: string) => all.find((path) => JSON.parse(readFileSync(path, 'utf8')).description.includes(text)) ?? '';
    const [one, two] = [ofStep('echo 1'), ofStep('echo 2')];
    const layer = JSON.parse(readFileSync(one, 'utf8')).layer.diffId;
    rmSync(join(box.root, 'layers', layer.slice(7)), { recursive: true });
    writeFileSync(two, '');
    const found = await box.skiff(['system', 'check']);
    expect(found.code).toBe(0);
    expect(found.stdout).toContain(`its layer ${layer} is missing`);
    expect(found.stdout).toContain('its record cannot be read');
    expect((await box.skiff(['system', 'check', '--repair'])).code).toBe(0);
    expect([existsSync(one), existsSync(two)]).toEqual([false, false]);
    expect(await box.ok(['system', 'check'])).toMatch(/^\d+ objects checked, 0 problems$/);
    expect((await explainedBuild(box, ['-t', 'x', context]))['RUN echo 1 > /1']).toMatch(/its result was removed from the cache$/);
  });

  test('a layer that only the cache has is checked, and one that is damaged is removed and built anew', async () => {
    const context = writeContext(box, 'hollow', { Dockerfile: 'FROM busybox\nRUN echo whole > /file\n' });
    await box.ok(['build', '-q', '--output', 'type=cacheonly', context]);
    const [record = ''] = records();
    const { layer } = JSON.parse(readFileSync(join(box.root, 'build-cache/records', record), 'utf8'));
    writeFileSync(join(box.root, 'layers', layer.diffId.slice(7), 'fs/file'), 'half');
    const found = await box.skiff(['system', 'check']);
    expect([found.code, found.stdout]).toEqual([
      1,
      expect.stringContaining(`layer ${layer.diffId}: its files are not as they were unpacked`),
    ]);
    expect((await box.skiff(['system', 'check', '--repair'])).code).toBe(0);
    expect(records()).toEqual([]);
    await box.ok(['build', '-q', '-t', 'x', context]);
    expect(await box.ok(['run', '--rm', '--network', 'none', 'x', 'cat', '/file'])).toBe('whole');
  });

  test('two builds of the same at once share their steps', async () => {
    const context = writeContext(box, 'twice', {
      Dockerfile: 'FROM busybox\nRUN sleep 1; head -c 16 /dev/urandom > /random\nRUN cp /random /copy\n',
    });
    const ids = await Promise.all([1, 2, 3].map(() => box.ok(['build', '-q', context])));
    expect(new Set(ids).size).toBe(1);
  });
});

describe('the one builder', () => {
  test('ls, inspect and version tell of it; what asks for another is refused', async () => {
    expect(await box.ok(['builder', 'ls', '-q'])).toBe('default');
    expect(await box.ok(['buildx', 'ls', '--format', '{{.NameNode}} {{.Status}}'])).toBe('default \ndefault ready');
    expect(await box.ok(['buildx', 'inspect', '--bootstrap', 'default'])).toMatch(
      /^Name: +default\nDriver: +skiff\n\nNodes:\nName: +default\n/,
    );
    expect(await box.ok(['buildx', 'version'])).toMatch(/^skiff v\d+\.\d+\.\d+ /);
    expect(await box.ok(['buildx', 'create', '--use'])).toBe('default');
    expect(await box.ok(['buildx', 'use', 'default'])).toBe('');
    expect(await box.ok(['buildx', 'stop'])).toBe('');
    expect(await box.skiff(['buildx', 'create', '--name', 'mine', '--use'])).toEqual({
      stdout: '',
      stderr:
        'skiff: Cannot create the builder "mine": there is one builder, "default", and nothing runs beside a build\nLeave this step out: several platforms, pushing and cache exports need no builder of their own here\n',
      code: 1,
    });
    for (const verb of ['use', 'inspect', 'rm', 'stop']) {
      expect(await box.skiff(['buildx', verb, 'mine'])).toEqual({
        stdout: '',
        stderr: 'skiff: no builder "mine" found\nThere is one builder, "default": leave the name out\n',
        code: 1,
      });
    }
  });

  test.each([
    [['prune', '-f', '--filter', 'colour=red'], "skiff: invalid filter 'colour'"],
    [['prune', '-f', '--filter', 'until=soon'], 'skiff: "until" filter expects a duration'],
    [['prune', '-f', '--keep-storage', '1x'], 'invalid argument "1x" for "--keep-storage" flag'],
    [['du', '--filter', 'type'], "skiff: bad format of filter 'type'"],
  ])('builder %j is refused', async (args, message) => {
    const { stdout, stderr, code } = await box.skiff(['builder', ...args]);
    expect([stdout, stderr.includes(message), code]).toEqual(['', true, args.includes('1x') ? 125 : 1]);
  });
});
