// `system df` says what du says; the prune commands remove what nothing uses and nothing else, say what came free, ask first in Docker's
// words, and with --dry-run tell without doing.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeRegistry } from './support/fake-registry.ts';
import { imageOf, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const unusual = image('unusual');
const idOf = (name: string) => box.ok(['inspect', '-f', '{{.Id}}', name]);
const imageNames = async () => (await box.ok(['images', '--format', '{{.Repository}}:{{.Tag}}'])).split('\n').filter(Boolean).sort();
const containers = async () => (await box.ok(['ps', '-a', '--format', '{{.Names}}'])).split('\n').filter(Boolean).sort();

/** What du counts below folders of the store, as root of the user's ids. */
function du(...folders: string[]): number {
  const paths = folders.map((folder) => join(box.root, folder));
  const done = Bun.spawnSync(['unshare', '--map-auto', '--map-root-user', 'du', '-scB1', ...paths], { stdin: 'ignore', stderr: 'inherit' });
  return Number(done.stdout.toString().trim().split('\n').at(-1)?.split('\t')[0]);
}

const UNITS: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };
const bytes = (text = ''): number => {
  const [, number, unit = ''] = /^([\d.]+)([kMG]?B)/.exec(text) ?? [];
  return Number(number) * (UNITS[unit] ?? Number.NaN);
};
/** Four digits of a number. */
const rounded = (value: number): number => Number(value.toPrecision(4));

async function df(): Promise<Record<string, Record<string, string>>> {
  const lines = (await box.ok(['system', 'df', '--format', 'json'])).split('\n').map((line) => JSON.parse(line));
  return Object.fromEntries(lines.map((line) => [line.Type, line]));
}

async function clear(): Promise<void> {
  await box.ok(['system', 'prune', '-af', '--volumes', '--trash']);
}

afterEach(async () => {
  const ids = (await box.ok(['ps', '-aq'])).split('\n').filter(Boolean);
  if (ids.length > 0) await box.ok(['rm', '-fv', ...ids]);
  await clear();
});

describe('system df', () => {
  test('an empty store takes nothing', async () => {
    expect(await box.ok(['system', 'df'])).toBe(
      [
        'TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE',
        'Images          0         0         0B        0B',
        'Containers      0         0         0B        0B',
        'Local Volumes   0         0         0B        0B',
        'Build Cache     0         0         0B        0B',
      ].join('\n'),
    );
  });

  test('sizes are those of du, to the digit; active is what is used, reclaimable what a prune gives back', async () => {
    for (const name of [busybox, unusual]) await box.ok(['pull', '--quiet', name]);
    await box.ok([
      'run',
      '-d',
      '--name',
      'up',
      '--network',
      'none',
      '-v',
      '/data',
      busybox,
      'sh',
      '-c',
      'head -c 300000 /dev/zero >/data/f; sleep 1000',
    ]);
    await box.ok([
      'run',
      '--name',
      'down',
      '--network',
      'none',
      busybox,
      'sh',
      '-c',
      'mkdir -m 0700 /own; head -c 700000 /dev/zero >/own/f; chown -R 7:7 /own',
    ]);
    await box.ok(['create', '--name', 'idle', '-v', '/data', busybox]);
    const other = await box.ok(['inspect', '-f', '{{(index .Mounts 0).Name}}', 'idle']);
    await box.ok(['rm', 'idle']);
    const { Images, Containers, 'Local Volumes': Volumes, 'Build Cache': Cache } = await df();
    expect(bytes(Images?.Size)).toBe(rounded(du('images', 'layers', 'tmp') - du('tmp/claims') - 4096));
    expect(bytes(Containers?.Size)).toBe(rounded(du('containers')));
    expect(bytes(Volumes?.Size)).toBe(rounded(du('volumes')));
    expect([Images, Containers, Volumes].map((row) => [row?.TotalCount, row?.Active])).toEqual([
      ['2', '1'],
      ['2', '1'],
      ['2', '1'],
    ]);
    const down = await box.ok(['inspect', '-f', '{{.Id}}', 'down']);
    expect(bytes(Containers?.Reclaimable)).toBe(rounded(du(`containers/${down}`)));
    expect(bytes(Volumes?.Reclaimable)).toBe(rounded(du(`volumes/${other}`)));
    expect(Images?.Reclaimable).toMatch(/^[\d.]+MB \(\d\d%\)$/);
    const before = du('images/blobs', 'layers');
    const promised = bytes(Images?.Reclaimable);
    await box.ok(['image', 'prune', '-af']);
    expect(rounded(before - du('images/blobs', 'layers'))).toBe(promised);
    expect(Cache).toEqual({ Active: '0', Reclaimable: '0B', Size: '0B', TotalCount: '0', Type: 'Build Cache' });
    await box.ok(['rm', '-f', 'up', 'down']);
  });

  test('where nothing is in use, all of it can be given back', async () => {
    await box.ok(['pull', '--quiet', busybox]);
    await box.ok(['create', '--network', 'none', busybox]);
    await box.ok(['volume', 'create', 'empty']);
    const { Containers, 'Local Volumes': Volumes } = await df();
    expect([Containers?.Reclaimable, Volumes?.Reclaimable]).toEqual([`${Containers?.Size} (100%)`, `${Volumes?.Size} (100%)`]);
    await box.ok(['volume', 'rm', '--purge', 'empty']);
  });

  test('-v: an image’s size is what it shares and what it has alone', async () => {
    const layer = (text: string) => layerOf(tarOf([{ path: text, content: text.repeat(100_000) }]));
    const shared = layer('s');
    const registry = startFakeRegistry({ one: imageOf({ layers: [shared, layer('1')] }), two: imageOf({ layers: [shared, layer('22')] }) });
    try {
      for (const name of ['one', 'two']) await box.ok(['pull', '--quiet', `${registry.address}/${name}`]);
      await box.ok(['create', '--name', 'user', '-v', '/d', `${registry.address}/one`, 'x']);
      const parsed = JSON.parse(await box.ok(['system', 'df', '-v', '--format', '{{json .}}']));
      const [one, two] = ['one', 'two'].map((name) =>
        parsed.Images.find((row: { Repository: string }) => row.Repository.endsWith(`/${name}`)),
      );
      expect(one.SharedSize).toBe(two.SharedSize);
      expect(bytes(one.SharedSize)).toBeGreaterThan(100_000);
      expect([bytes(one.UniqueSize) > 100_000, bytes(two.UniqueSize) > 200_000]).toEqual([true, true]);
      for (const row of [one, two]) expect(bytes(row.Size)).toBe(rounded(bytes(row.SharedSize) + bytes(row.UniqueSize)));
      expect([one.Containers, two.Containers]).toEqual(['1', '0']);
      expect(parsed.Volumes).toEqual([
        { Driver: 'local', Links: '1', Name: expect.stringMatching(/^[0-9a-f]{64}$/), Size: expect.stringMatching(/kB$/) },
      ]);
      expect(parsed.BuildCache).toEqual([]);
      const text = await box.ok(['system', 'df', '-v']);
      const titles = text.split('\n').filter((line) => line.endsWith('usage:') || /^[A-Z ]+$/.test(line) || line.startsWith('Build'));
      expect(titles.map((title) => title.replace(/ {3,}/g, '|').trimEnd())).toEqual([
        'Images space usage:',
        'REPOSITORY|TAG|IMAGE ID|CREATED|SIZE|SHARED SIZE|UNIQUE SIZE|CONTAINERS',
        'Containers space usage:',
        'CONTAINER ID|IMAGE|COMMAND|LOCAL VOLUMES|SIZE|CREATED|STATUS|NAMES',
        'Local Volumes space usage:',
        'VOLUME NAME|LINKS|SIZE',
        'Build cache usage: 0B',
        'CACHE ID|CACHE TYPE|SIZE|CREATED|LAST USED|USAGE|SHARED',
      ]);
      await box.ok(['rm', 'user']);
    } finally {
      registry.stop();
    }
  });

  test('templates, and one that is wrong', async () => {
    expect(await box.ok(['system', 'df', '--format', '{{.Type}}={{.TotalCount}}'])).toBe(
      'Images=0\nContainers=0\nLocal Volumes=0\nBuild Cache=0',
    );
    const { code, stderr } = await box.skiff(['system', 'df', '--format', '{{.Nope}}']);
    expect([code, stderr.includes('Nope')]).toEqual([1, true]);
  });
});

describe('image prune', () => {
  test('takes what nothing names; -a what no container is made of', async () => {
    for (const name of [busybox, unusual]) await box.ok(['pull', '--quiet', name]);
    const id = await idOf(busybox);
    await box.ok(['untag', busybox]);
    const dry = await box.ok(['image', 'prune', '--dry-run']);
    expect(dry).toMatch(
      new RegExp(
        `^Images that would be deleted:\ndeleted: ${id}\n(deleted: sha256:[0-9a-f]{64}\n)*\nSpace that would be reclaimed: [\\d.]+[kM]B$`,
      ),
    );
    const before = du('images/blobs', 'layers');
    const real = await box.ok(['image', 'prune', '-f']);
    expect(real).toBe(
      dry.replace('Images that would be deleted', 'Deleted Images').replace('Space that would be reclaimed', 'Total reclaimed space'),
    );
    expect(bytes(real.split(': ').at(-1))).toBe(rounded(before - du('images/blobs', 'layers')));
    await box.ok(['pull', '--quiet', busybox]);
    await box.ok(['create', '--name', 'user', busybox]);
    expect((await box.ok(['image', 'prune', '-af'])).split('\n')[1]).toBe(`untagged: ${unusual}:latest`);
    expect(await imageNames()).toEqual([`${busybox}:latest`]);
    expect(await box.ok(['image', 'prune', '-af'])).toBe('Total reclaimed space: 0B');
    expect((await box.ok(['events', '--since', '1h', '--until', '0s', '--filter', 'event=prune'])).split('\n').at(-1)).toMatch(
      / image prune {2}\(reclaimed=0\)$/,
    );
    await box.ok(['rm', 'user']);
  });

  test.each([
    [['--filter', 'until=24h'], ['b:1']],
    [['--filter', 'until=0s'], []],
    [['--filter', 'label=tier'], []],
    [['--filter', 'label=tier=back'], ['b:1']],
    [['--filter', 'label!=tier'], ['b:1']],
  ])('-a %j leaves %j of one committed image', async (flags, left) => {
    await box.ok(['pull', '--quiet', busybox]);
    await box.ok(['create', '--name', 'step', busybox]);
    await box.ok(['commit', '--change', 'LABEL tier=front', 'step', 'b:1']);
    await box.ok(['image', 'prune', '-af', ...flags]);
    expect(await imageNames()).toEqual([`${busybox}:latest`, ...left].sort());
    await box.ok(['rm', 'step']);
  });

  test('it asks first', async () => {
    const question = (what: string) => `WARNING! This will remove ${what}.\nAre you sure you want to continue? [y/N] `;
    expect(await box.skiff(['image', 'prune'], { stdin: 'n\n' })).toEqual({ stdout: question('all dangling images'), stderr: '', code: 0 });
    const { stdout } = await box.skiff(['image', 'prune', '-a'], { stdin: 'y\n' });
    expect(stdout).toBe(`${question('all images without at least one container associated to them')}Total reclaimed space: 0B\n`);
  });

  test.each([
    [['image', 'prune', '-f', '--filter', 'name=x'], "invalid filter 'name'"],
    [['image', 'prune', '-f', '--filter', 'until=soon'], 'failed to parse value as time or duration: "soon"'],
    [['image', 'prune', '-f', '--filter', 'dangling=maybe'], "invalid filter 'dangling=maybe'"],
    [['system', 'prune', '-f', '--filter', 'dangling=true'], "invalid filter 'dangling'"],
    [['system', 'prune', '-f', '--volumes', '--filter', 'until=1h'], 'The "until" filter is not supported with "--volumes"'],
  ])('%j is refused', async (words, sentence) => {
    await box.ok(['pull', '--quiet', busybox]);
    const { stderr, code } = await box.skiff(words);
    expect([code, stderr.includes(sentence)]).toEqual([1, true]);
    expect(await imageNames()).toEqual([`${busybox}:latest`]);
  });
});

describe('system prune', () => {
  const fill = async (): Promise<void> => {
    for (const name of [busybox, unusual]) await box.ok(['pull', '--quiet', name]);
    await box.ok(['run', '-d', '--name', 'up', '--network', 'none', '-v', '/anonymous', busybox, 'sleep', '1000']);
    await box.ok(['create', '--name', 'down', '-v', '/anonymous', unusual]);
    writeFileSync(join(box.root, 'tmp/blob-'.concat('a'.repeat(64))), 'x'.repeat(50_000));
  };

  test('--dry-run tells what the same command then does, and removes nothing', async () => {
    await fill();
    const dry = await box.ok(['system', 'prune', '-a', '--volumes', '--dry-run']);
    expect(await containers()).toEqual(['down', 'up']);
    expect(await imageNames()).toEqual([`${busybox}:latest`, `${unusual}:latest`]);
    const before = du('images/blobs', 'layers', 'volumes', 'tmp');
    const real = await box.ok(['system', 'prune', '-af', '--volumes']);
    expect(real).toBe(
      dry.replaceAll(/(\w+) that would be deleted/g, 'Deleted $1').replace('Space that would be reclaimed', 'Total reclaimed space'),
    );
    expect(real.match(/^[A-Z].*/gm)).toEqual([
      'Deleted Containers:',
      'Deleted Volumes:',
      'Deleted Images:',
      expect.stringMatching(/^Total reclaimed space: /),
    ]);
    expect(bytes(real.split(': ').at(-1))).toBe(rounded(before - du('images/blobs', 'layers', 'volumes', 'tmp')));
    expect([await containers(), await imageNames()]).toEqual([['up'], [`${busybox}:latest`]]);
    expect(await box.ok(['exec', 'up', 'ls', '-d', '/anonymous'])).toBe('/anonymous');
    expect((await box.ok(['system', 'df', '-v', '--format', '{{range .Volumes}}{{.Links}} {{end}}'])).trim().split(' ').sort()).toEqual([
      '1',
    ]);
    expect((await box.skiff(['system', 'check'])).code).toBe(0);
  });

  test('without -a and --volumes named images and volumes stay', async () => {
    await fill();
    await box.ok(['system', 'prune', '-f']);
    expect([await containers(), await imageNames()]).toEqual([['up'], [`${busybox}:latest`, `${unusual}:latest`]]);
    expect(du('volumes')).toBeGreaterThan(20_000);
  });

  test('it asks first, in Docker’s words', async () => {
    const ask = async (...flags: string[]) => (await box.skiff(['system', 'prune', ...flags], { stdin: '' })).stdout;
    expect(await ask()).toBe(
      'WARNING! This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n' +
        '  - all dangling images\n  - unused build cache\n\nAre you sure you want to continue? [y/N] ',
    );
    expect(await ask('-a', '--volumes', '--filter', 'label=x', '--filter', 'label!=y')).toBe(
      'WARNING! This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n' +
        '  - all anonymous volumes not used by at least one container\n  - all images without at least one container associated to them\n' +
        '  - all build cache\n\n  Items to be pruned will be filtered with:\n  - label!=y\n  - label=x\n\n' +
        'Are you sure you want to continue? [y/N] ',
    );
  });

  test('container prune --dry-run tells and removes nothing', async () => {
    await fill();
    const id = await box.ok(['inspect', '-f', '{{.Id}}', 'down']);
    expect(await box.ok(['container', 'prune', '--dry-run'])).toBe(
      `Containers that would be deleted:\n${id}\n\nSpace that would be reclaimed: 0B`,
    );
    expect(await containers()).toEqual(['down', 'up']);
  });

  test('beside pulls, runs, commits and removals nothing goes that they use', async () => {
    for (const name of [busybox, unusual]) await box.ok(['pull', '--quiet', name]);
    await box.ok(['create', '--name', 'base', busybox]);
    const again = async (times: number, words: (at: number) => string[]): Promise<void> => {
      for (let at = 0; at < times; at++) {
        const { code, stderr } = await box.skiff(words(at));
        // An image that a prune took between two commands is no fault; one that goes half way would be.
        if (code !== 0) expect(stderr).toMatch(/No such image|No such container|container [0-9a-f]{12} is using its referenced image/);
      }
    };
    await Promise.all([
      again(4, () => ['pull', '--quiet', unusual]),
      again(4, () => ['run', '--rm', '--network', 'none', unusual, 'true']),
      again(4, (at) => ['commit', 'base', `made:${at}`]),
      again(6, () => ['system', 'prune', '-af', '--volumes', '--filter', 'label!=none']),
      again(4, () => ['rmi', unusual]),
    ]);
    await box.ok(['pull', '--quiet', unusual]);
    expect(await box.ok(['run', '--rm', '--network', 'none', unusual, 'echo', 'whole'])).toBe('whole');
    expect((await box.skiff(['system', 'check'])).stdout).toMatch(/ 0 problems\n$/);
  }, 120_000);
});

test.each(['df', 'events', 'info', 'prune', 'check'])('skiff system %s is there', async (verb) => {
  expect(await box.ok(['system', verb, '--help'])).toMatch(/^Usage: {2}skiff (system )?/);
});
