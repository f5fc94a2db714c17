// `load`: archives of Docker old and new, OCI layouts, files, folders and streams, compressed in every way; and archives that lie.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageEvents } from './support/events.ts';
import {
  FULL_NAME,
  layoutEntries,
  oldDockerEntries,
  REF_NAME,
  smallImage,
  smallLayer,
  storedThings,
  tool,
} from './support/image-archive.ts';
import { digestOf, imageOf, indexOf, jsonBytes, layerOf, writeLayout } from './support/images/layout.ts';
import { type TarEntry, tarOf } from './support/images/tar.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const file = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(box.files, name), bytes);
  return name;
};
const idOf = async (name: string): Promise<string> => box.ok(['image', 'inspect', '-f', '{{.Id}}', name]);
const forget = async (): Promise<void> => {
  const ids = (await box.ok(['images', '-aq', '--no-trunc'])).split('\n').filter(Boolean);
  if (ids.length > 0) await box.ok(['rmi', '-f', ...new Set(ids)]);
  expect(storedThings(box)).toEqual([]);
};
let id = '';

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  id = await idOf(busybox);
  await box.ok(['tag', busybox, 'two:b']);
  await box.ok(['save', '-o', 'bb.tar', busybox]);
  await box.ok(['save', '-o', 'names.tar', busybox, 'two:b']);
  await box.ok(['save', '--format', 'oci-archive', '-o', 'oci.tar', busybox]);
  await box.ok(['save', '--format', 'oci-dir', '-o', 'layout', busybox]);
  for (const program of ['gzip', 'zstd', 'xz', 'bzip2']) {
    writeFileSync(join(box.files, `bb.tar.${program}`), Bun.spawnSync([program, '-c', join(box.files, 'bb.tar')]).stdout);
  }
});
beforeEach(forget);

test.each(['bb.tar', 'oci.tar', 'layout', 'bb.tar.gzip', 'bb.tar.zstd', 'bb.tar.xz', 'bb.tar.bzip2'])(
  '%s is loaded from a file or folder',
  async (name) => {
    expect(await box.skiff(['load', '-i', name])).toEqual({ stdout: `Loaded image: ${busybox}:latest\n`, stderr: '', code: 0 });
    expect(await idOf(busybox)).toBe(id);
    expect(await box.ok(['run', '--rm', '--network', 'none', busybox, 'cat', '/www/index.html'])).toBe('hello from the container');
    expect((await box.skiff(['system', 'check'])).code).toBe(0);
    expect(imageEvents(box, 'load').at(-1)).toEqual(['load', id, `${busybox}:latest`]);
  },
);

test.each(['bb.tar', 'oci.tar', 'bb.tar.gzip', 'bb.tar.zstd', 'bb.tar.xz', 'bb.tar.bzip2'])(
  '%s is loaded from a pipe, and from a redirected file',
  async (name) => {
    const output = { stdout: `Loaded image: ${busybox}:latest\n`, stderr: '', code: 0 };
    expect(await box.skiff(['load', '--quiet'], { stdin: readFileSync(join(box.files, name)) })).toEqual(output);
    expect(await box.ok(['run', '--rm', '--network', 'none', busybox, 'cat', '/www/index.html'])).toBe('hello from the container');
    await forget();
    const script = `exec "$@" < ${name}`;
    expect(await box.skiff(['load'], { through: ['sh', '-c', script, 'sh'] })).toEqual(output);
    expect((await box.skiff(['system', 'check'])).code).toBe(0);
  },
);

test('what is loaded is saved again byte for byte', async () => {
  for (const name of ['bb.tar', 'bb.tar.xz']) {
    await box.ok(['load', '-i', name]);
    await box.ok(['save', '-o', 'again.tar', busybox]);
    expect(readFileSync(join(box.files, 'again.tar')).equals(readFileSync(join(box.files, 'bb.tar')))).toBe(true);
    await forget();
  }
});

test('all names of an image are loaded, and one that moves is said', async () => {
  const other = smallImage('other');
  file('other.tar', tarOf(layoutEntries(other, { annotations: { [FULL_NAME]: 'docker.io/library/two:b' } })));
  expect(await box.ok(['load', '-i', 'other.tar'])).toBe('Loaded image: two:b');
  const before = await idOf('two:b');
  expect((await box.ok(['load', '-i', 'names.tar'])).split('\n')).toEqual([
    `The image two:b already exists, renaming the old one with ID ${before} to empty string`,
    `Loaded image: ${busybox}:latest`,
    'Loaded image: two:b',
  ]);
  expect(await idOf('two:b')).toBe(id);
});

describe('archives of other tools', () => {
  test('of Docker before 25: a folder for each layer, links between them, no compression', async () => {
    const layers = [smallLayer('one', 'none'), smallLayer('two', 'none'), smallLayer('one', 'none')];
    const old = oldDockerEntries(layers, ['old/app:1', 'old/app:2']);
    file('old.tar', tarOf(old.entries));
    for (const options of [{}, { stdin: tarOf(old.entries) }]) {
      const args = 'stdin' in options ? ['load'] : ['load', '-i', 'old.tar'];
      expect((await box.ok(args, options)).split('\n')).toEqual(['Loaded image: old/app:1', 'Loaded image: old/app:2']);
      expect(await idOf('old/app:1')).toBe(old.id);
      expect((await box.skiff(['system', 'check'])).code).toBe(0);
      // The store has a blob for each layer, kept as it came.
      for (const { diffId } of layers) expect(storedThings(box)).toContain(`images/blobs/${diffId.replace(':', '/')}`);
      await box.ok(['save', '--format', 'oci-dir', '-o', `again-${args.length}`, 'old/app:1']);
      await forget();
    }
  });

  test('an image without a name is told by its id', async () => {
    const old = oldDockerEntries([smallLayer('one', 'none')], null);
    file('nameless.tar', tarOf(old.entries));
    expect(await box.ok(['load', '-i', 'nameless.tar'])).toBe(`Loaded image ID: ${old.id}`);
    expect(imageEvents(box, 'load').at(-1)).toEqual(['load', old.id, old.id]);
  });

  test('layers compressed with gzip and zstd in an archive that has no manifests of OCI', async () => {
    const old = oldDockerEntries([smallLayer('one', 'gzip'), smallLayer('two', 'zstd')], ['mixed:1']);
    file('mixed.tar', tarOf(old.entries));
    expect(await box.ok(['load', '-i', 'mixed.tar'])).toBe('Loaded image: mixed:1');
    expect((await box.skiff(['system', 'check'])).code).toBe(0);
  });

  test('a layout of several platforms: this one, or the one that is asked for, or a list', async () => {
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    const foreign = imageOf({ layers: [smallLayer('foreign')], architecture: 's390x' });
    const index = indexOf([foreign, imageOf({ layers: [smallLayer('own')], architecture })]);
    writeLayout(join(box.files, 'multi'), index);
    const own = await box.ok(['load', '-i', 'multi']);
    expect(own).toMatch(/^Loaded image ID: sha256:[0-9a-f]{64}$/);
    expect(await box.ok(['image', 'inspect', '-f', '{{.Architecture}}', own.slice('Loaded image ID: '.length)])).toBe(architecture);
    const other = (await box.ok(['load', '-i', 'multi', '--platform', 'linux/s390x'])).slice('Loaded image ID: '.length);
    expect(await box.ok(['image', 'inspect', '-f', '{{.Architecture}}', other])).toBe('s390x');
    const none = await box.skiff(['load', '-i', 'multi', '--platform', 'linux/riscv64']);
    expect(none).toEqual({
      stdout: '',
      stderr: `skiff: no matching manifest for linux/riscv64 in the manifest list entries of "multi"\nIt has linux/s390x, linux/${architecture}: choose one with --platform\n`,
      code: 1,
    });
    // What no image needs is not kept.
    expect(storedThings(box).filter((path) => path.startsWith('layers/'))).toHaveLength(2);
  });

  test('a label of a layout that is a whole name names the image', async () => {
    file('label.tar', tarOf(layoutEntries(smallImage('one'), { annotations: { [REF_NAME]: 'my/app:1.0' } })));
    file('tag.tar', tarOf(layoutEntries(smallImage('two'), { annotations: { [REF_NAME]: 'latest' } })));
    expect(await box.ok(['load', '-i', 'label.tar'])).toBe('Loaded image: my/app:1.0');
    expect(await box.ok(['load', '-i', 'tag.tar'])).toMatch(/^Loaded image ID: sha256:/);
  });
});

describe('an archive that is wrong is refused in a sentence, and nothing of it stays', () => {
  const [one, two] = [smallImage('one'), smallImage('one', 'two')];
  const named = { annotations: { [FULL_NAME]: 'docker.io/library/bad:1' } };
  const [layer = ''] = [...one.blobs.keys()];
  const wrongBytes = new Map([[layer, layerOf(tarOf([{ path: 'other', content: 'one\n' }])).blob]]);
  const cut = (bytes: Uint8Array, length: number): Uint8Array => bytes.subarray(0, length);
  const whole = tarOf(layoutEntries(two, named));
  const old = oldDockerEntries([smallLayer('one', 'none')], ['bad:1']);
  const without = (name: string): TarEntry[] => old.entries.filter(({ path }) => path !== name);
  const manifest = (value: unknown): TarEntry[] => [...without('manifest.json'), { path: 'manifest.json', content: jsonBytes(value) }];
  const short = 'unexpected EOF, the archive is cut short';

  const CASES: [what: string, archive: Uint8Array, message: string][] = [
    ['cut in the middle of a layer', cut(whole, 700), short],
    ['cut between two entries', cut(whole, 1024), short],
    ['cut before its end mark and its index', cut(whole, whole.length - 2048), short],
    ['empty', new Uint8Array(), short],
    ['text', Buffer.from('hello '.repeat(200)), 'cannot read the layer: a tar header has a wrong checksum'],
    [
      'a tar archive of something else',
      tarOf([{ path: 'etc/passwd', content: 'root' }]),
      'invalid archive: does not contain a manifest.json',
    ],
    [
      'an archive of Docker before 1.10',
      tarOf([{ path: 'repositories', content: '{}' }]),
      'archives of Docker before 1.10, which have no manifest.json, are not supported',
    ],
    [
      'without a blob',
      tarOf(layoutEntries(one, { ...named, without: [layer] })),
      `the archive has no "blobs/${layer.replace(':', '/')}", which it refers to`,
    ],
    [
      'a manifest that is no JSON',
      tarOf([...without('manifest.json'), { path: 'manifest.json', content: '{' }]),
      'its manifest.json is no JSON',
    ],
    ['a manifest of another shape', tarOf(manifest([{ Config: 1 }])), 'its manifest.json is not right at "0.Config"'],
    ['no images', tarOf(manifest([])), 'it has no images'],
    [
      'fewer layers than its config has',
      tarOf(manifest([{ Config: `${old.id.slice(7)}.json`, Layers: [] }])),
      'invalid manifest, layers length mismatch: expected 1, got 0',
    ],
    ['two manifests', tarOf([...old.entries, ...manifest([])]), 'the archive has "manifest.json" twice'],
    [
      'layers that lead out of it',
      tarOf(manifest([{ Config: `${old.id.slice(7)}.json`, Layers: ['../../../../etc/passwd'] }])),
      'the archive has no "../../../../etc/passwd", which it refers to',
    ],
    [
      'a link that leads out of it',
      tarOf([...manifest([{ Config: 'away', Layers: [] }]), { path: 'away', type: 'symlink', target: '/etc/passwd' }]),
      'the archive has no "away", which it refers to',
    ],
    [
      'links in a circle',
      tarOf([
        ...manifest([{ Config: 'a', Layers: [] }]),
        { path: 'a', type: 'symlink', target: 'b' },
        { path: 'b', type: 'symlink', target: 'a' },
      ]),
      'the archive has no "a", which it refers to',
    ],
    [
      'a config that is another',
      tarOf([...without(`${old.id.slice(7)}.json`), { path: `${old.id.slice(7)}.json`, content: '{}' }]),
      `the content of "${old.id.slice(7)}.json" has the digest "${digestOf(Buffer.from('{}'))}"`,
    ],
  ];

  test.each(CASES)('%s', async (_, archive, message) => {
    file('bad.tar', archive);
    const expected = (name: string) => ({ stdout: '', code: 1, first: `skiff: Cannot load "${name}": ${message}` });
    for (const [name, args, stdin] of [
      ['bad.tar', ['-i', 'bad.tar'], ''],
      ['standard input', [], archive],
    ] as const) {
      const { stdout, stderr, code } = await box.skiff(['load', ...args], { stdin });
      expect({ stdout, code, first: stderr.split('\n')[0] }).toEqual(expected(name));
      expect(storedThings(box)).toEqual([]);
    }
  });

  test('a blob whose content is another', async () => {
    const archive = tarOf(layoutEntries(one, { ...named, replace: wrongBytes }));
    file('bad.tar', archive);
    for (const options of [{ args: ['-i', 'bad.tar'] }, { args: [], stdin: archive }]) {
      const { stderr, code } = await box.skiff(['load', ...options.args], options);
      expect([code, stderr.split('\n')[0]]).toEqual([
        1,
        expect.stringMatching(/^skiff: Cannot load ".*": .*(?:digest|bytes where its descriptor promises)/),
      ]);
      expect(stderr.split('\n')[1]).toBe('The archive is damaged: copy or save it again');
      expect(storedThings(box)).toEqual([]);
    }
  });

  test('a good image beside a bad one is not loaded alone', async () => {
    const bad = layoutEntries(two, { without: [[...two.blobs.keys()][1] ?? ''] });
    const good = layoutEntries(one, named);
    const entries = (from: TarEntry[]) => JSON.parse(Buffer.from(from.at(-1)?.content ?? '').toString()).manifests;
    const index = { schemaVersion: 2, manifests: [...entries(good), ...entries(bad)] };
    file('half.tar', tarOf([...good.slice(0, -1), ...bad.slice(0, -2), { path: 'index.json', content: jsonBytes(index) }]));
    expect((await box.skiff(['load', '-i', 'half.tar'])).code).toBe(1);
    expect(storedThings(box)).toEqual([]);
  });

  const ATTACKS: [string, (outside: string) => TarEntry[]][] = [
    ['a name that climbs out', () => [{ path: '../../escaped', content: 'x' }]],
    [
      'a file behind a symlink',
      (outside) => [
        { path: 'way', type: 'symlink', target: outside },
        { path: 'way/escaped', content: 'x' },
      ],
    ],
    ['a hard link to the host', (outside) => [{ path: 'way', type: 'link', target: `../../../../../..${outside}/secret` }]],
  ];

  test.each(ATTACKS)('a layer with %s touches nothing outside', async (_, entriesOf) => {
    const outside = join(box.files, 'outside');
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(outside, 'secret'), 'secret');
    file('attack.tar', tarOf(layoutEntries(imageOf({ layers: [layerOf(tarOf(entriesOf(outside)))] }), named)));
    const { stdout, stderr, code } = await box.skiff(['load', '-i', 'attack.tar']);
    expect([stdout, code, stderr]).toEqual([
      '',
      1,
      expect.stringMatching(/^skiff: Refused the layer: its entry ".*" leads out of it: .*\n.*\n$/),
    ]);
    expect(readdirSync(outside)).toEqual(['secret']);
    expect(storedThings(box)).toEqual([]);
  });

  test('no file, a file that may not be read, standard input that is a terminal, an argument too many', async () => {
    expect((await box.skiff(['load', '-i', 'nosuch.tar'])).stderr.split('\n')[0]).toBe('skiff: open nosuch.tar: no such file or directory');
    mkdirSync(join(box.files, 'shut'), { mode: 0 });
    expect((await box.skiff(['load', '-i', 'shut/x.tar'])).stderr.split('\n')[0]).toBe('skiff: open shut/x.tar: permission denied');
    const terminal = box.terminal(['load']);
    expect(await terminal.ended()).toBe(1);
    expect(terminal.output()).toContain('requested load from stdin, but stdin is empty');
    expect((await box.skiff(['load', 'bb.tar'])).stderr.split('\n')[0]).toBe("skiff: 'skiff load' accepts no arguments");
    expect((await box.skiff(['load', '--platform', 'a/b/c/d', '-i', 'bb.tar'])).stderr.split('\n')[0]).toBe(
      'skiff: "a/b/c/d" is an invalid platform: it must be OS[/ARCH[/VARIANT]]',
    );
  });

  test('an xz bomb is refused before it is unpacked', async () => {
    const bomb = tarOf([{ path: 'layer', content: Buffer.alloc(64 << 20) }]);
    const packed = Bun.spawnSync(['xz', '-c'], { stdin: bomb }).stdout;
    expect(packed.length).toBeLessThan(1 << 20);
    for (const args of [['-i', file('bomb.tar.xz', packed)], []]) {
      const { stderr, code } = await box.skiff(['load', '--max-layer-size', '16m', ...args], { stdin: args.length > 0 ? '' : packed });
      expect([code, stderr]).toEqual([1, expect.stringContaining('unpacks to more than 16777216 bytes, as a decompression bomb would')]);
      expect(storedThings(box)).toEqual([]);
    }
  });

  test('without the xz program it says what to install', async () => {
    const { stderr, code } = await box.skiff(['load', '-i', 'bb.tar.xz'], { env: { PATH: onlySome(box.files) } });
    expect([code, stderr.split('\n')[0]]).toEqual([
      1,
      'skiff: Cannot find the program "xz" in PATH, which unpacks archives that are compressed with xz',
    ]);
  });
});

/** A PATH with everything but xz. */
function onlySome(folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const program of ['nsenter', 'unshare', 'newuidmap', 'newgidmap', 'sh', 'cat', 'sleep']) {
    const path = Bun.which(program);
    if (path && !readdirSync(bin).includes(program)) tool(['ln', '-s', path, join(bin, program)], { cwd: folder });
  }
  return bin;
}
