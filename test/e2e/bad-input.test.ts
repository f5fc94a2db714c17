// What cannot work says so in one sentence with what to do, ends with Docker's exit code, and leaves nothing half done.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FakeRegistry, type FakeRegistryOptions, failure, startFakeRegistry } from './support/fake-registry.ts';
import { type Image, imageOf, jsonBytes, layerOf, layerOfBlob } from './support/images/layout.ts';
import { type TarEntry, tarOf } from './support/images/tar.ts';
import { pathWithout } from './support/path-without.ts';
import { image, openSandbox, type Result } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

/** One sentence on standard error (a hint may follow), nothing on standard output, no container and no new image. */
async function expectRefusal(result: Result, code: number, text: string | RegExp): Promise<void> {
  expect(result.stderr).toMatch(text);
  expect(result.stderr).not.toMatch(/^\s+at .+:\d+/m); // no stack
  expect({ stdout: result.stdout, code: result.code }).toEqual({ stdout: '', code });
  expect(await box.ok(['ps', '-aq'])).toBe('');
  expect(await box.ok(['images', '--format', '{{.Repository}}'])).toBe(busybox);
}

async function withRegistry<T>(served: Image, options: FakeRegistryOptions, use: (registry: FakeRegistry) => Promise<T>): Promise<T> {
  const registry = startFakeRegistry({ image: served }, options);
  try {
    return await use(registry);
  } finally {
    registry.stop();
  }
}

const small = (entries: TarEntry[] = [{ path: 'file', content: 'content\n' }]): Image => imageOf({ layers: [layerOf(tarOf(entries))] });

describe('names of images', () => {
  test('an unknown image', async () => {
    const missing = image('no-such-image');
    await expectRefusal(await box.skiff(['run', '--quiet', missing]), 125, /no-such-image/);
    await expectRefusal(await box.skiff(['pull', '--quiet', missing]), 1, /manifest unknown|not found|repository does not exist/i);
  });

  test('an unknown tag', async () => {
    await expectRefusal(await box.skiff(['pull', '--quiet', `${busybox}:no-such-tag`]), 1, /no-such-tag/);
  });

  test('a registry that does not answer', async () => {
    await expectRefusal(await box.skiff(['pull', '--quiet', '127.0.0.1:1/image']), 1, /127\.0\.0\.1:1/);
  });

  test('a registry whose name does not exist', async () => {
    await expectRefusal(await box.skiff(['pull', '--quiet', 'registry.invalid/image']), 1, /registry\.invalid/);
  });

  test.each(['UPPER', 'a//b', 'name:tag:tag', 'name@sha256:short', ':tag', '-leading'])('"%s" is no reference', async (name) => {
    await expectRefusal(await box.skiff(['pull', '--quiet', '--', name]), 1, /invalid reference format|must be lowercase/);
  });
});

describe('what a registry serves', () => {
  const pull = (registry: FakeRegistry, ...flags: string[]) =>
    box.skiff(['pull', '--quiet', ...flags, `${registry.address}/image`], { timeoutMs: 120_000 });
  const isLayer = (served: Image) => {
    const { layers } = JSON.parse(Buffer.from(served.blobs.get(served.manifest.digest) ?? []).toString());
    return (path: string) => layers.some((layer: { digest: string }) => path.endsWith(layer.digest));
  };

  test('a blob with other content is refused by its digest', async () => {
    const served = small();
    const damaged = (path: string) => (isLayer(served)(path) ? new Response(Buffer.alloc(served.blobs.size * 50, 'x')) : undefined);
    await withRegistry(served, { answer: ({ path }) => damaged(path) }, async (registry) => {
      await expectRefusal(await pull(registry), 1, /sha256:[0-9a-f]{64}/);
    });
  });

  test('a config with other content is refused', async () => {
    const served = small();
    const { config } = JSON.parse(Buffer.from(served.blobs.get(served.manifest.digest) ?? []).toString());
    const other = Buffer.from(served.blobs.get(config.digest) ?? []);
    other[other.length - 2] = 0x20;
    await withRegistry(
      served,
      { answer: ({ path }) => (path.endsWith(config.digest) ? new Response(other) : undefined) },
      async (registry) => {
        await expectRefusal(await pull(registry), 1, /sha256:[0-9a-f]{64}/);
      },
    );
  });

  test('a blob that always ends early is given up', async () => {
    const served = small([{ path: 'file', content: 'x'.repeat(50_000) }]);
    const cut = (path: string, honest: () => Response) =>
      isLayer(served)(path)
        ? honest()
            .arrayBuffer()
            .then((body) => new Response(body.slice(0, 20)))
        : undefined;
    await withRegistry(served, { answer: ({ path }, honest) => cut(path, honest) }, async (registry) => {
      await expectRefusal(await pull(registry), 1, /sha256:[0-9a-f]{64}/);
    });
    // What did arrive waits for the next try; a repair sweeps it.
    expect(await box.ok(['system', 'check', '--repair'])).toMatch(/^leftover tmp\/blob-[0-9a-f]{64}: nothing uses it \(swept\)$/m);
  });

  test('a manifest of the wrong type', async () => {
    const chart = jsonBytes({ schemaVersion: 1, name: 'image', tag: 'latest', fsLayers: [] });
    const answer: FakeRegistryOptions['answer'] = ({ path }) =>
      path.includes('/manifests/')
        ? new Response(Buffer.from(chart), { headers: { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' } })
        : undefined;
    await withRegistry(small(), { answer }, async (registry) => {
      await expectRefusal(await pull(registry), 1, /manifest/i);
    });
  });

  test('a manifest that is not JSON, or is empty', async () => {
    for (const body of ['<html>it works</html>', '', '{}', 'null']) {
      const answer: FakeRegistryOptions['answer'] = ({ path }) => (path.includes('/manifests/') ? new Response(body) : undefined);
      await withRegistry(small(), { answer }, async (registry) => {
        await expectRefusal(await pull(registry), 1, /manifest/i);
      });
    }
  });

  test("an index without this machine's platform names those that it has", async () => {
    await expectRefusal(await box.skiff(['pull', '--quiet', '--platform', 'linux/s390x', image('multi')]), 1, /linux\/s390x/);
  });

  test('a login that is refused', async () => {
    const challenge = { 'www-authenticate': 'Basic realm="closed"' };
    await withRegistry(small(), { answer: () => failure(401, 'UNAUTHORIZED', challenge) }, async (registry) => {
      await expectRefusal(await pull(registry), 1, /unauthorized|login|denied/i);
    });
  });

  test('a layer whose tar is not the one that the config names', async () => {
    const layer = layerOf(tarOf([{ path: 'file', content: 'one\n' }]));
    const served = imageOf({ layers: [layerOfBlob(layer.blob, `sha256:${'0'.repeat(64)}`, 'gzip')] });
    await withRegistry(served, {}, async (registry) => {
      await expectRefusal(await pull(registry), 1, /sha256:/);
    });
  });

  test('a layer that is no archive', async () => {
    const noise = Buffer.from('this is not a tar archive, and not gzip either');
    const served = imageOf({ layers: [layerOfBlob(noise, `sha256:${'0'.repeat(64)}`, 'none')] });
    await withRegistry(served, {}, async (registry) => {
      await expectRefusal(await pull(registry), 1, /sha256:|archive|tar/i);
    });
  });

  test('a decompression bomb, past a limit that a flag sets', async () => {
    const bomb = imageOf({ layers: [layerOf(tarOf([{ path: 'zeros', content: new Uint8Array(64 << 20) }]))] });
    await withRegistry(bomb, {}, async (registry) => {
      await expectRefusal(await pull(registry, '--max-layer-size', '32m'), 1, /max-layer-size/);
      expect((await pull(registry, '--max-layer-size', '100m')).code).toBe(0);
      await box.ok(['rmi', `${registry.address}/image`]);
    });
  });

  // Each climbs out of the layer's root in its own way. Nothing outside may change, whether the entry is refused or confined.
  const victim = () => join(box.files, 'victim');
  const climbs: [string, () => TarEntry[]][] = [
    ['by ..', () => [{ path: `${'../'.repeat(20)}${victim().slice(1)}`, content: 'climbed' }]],
    ['by an absolute path', () => [{ path: victim(), content: 'climbed' }]],
    [
      'through a symlink',
      () => [
        { path: 'link', type: 'symlink', target: box.files },
        { path: 'link/victim', content: 'climbed' },
      ],
    ],
    [
      'through a relative symlink',
      () => [
        { path: 'link', type: 'symlink', target: `${'../'.repeat(20)}${box.files.slice(1)}` },
        { path: 'link/victim', content: 'climbed' },
      ],
    ],
    [
      'by a hard link to the outside',
      () => [
        { path: 'hard', type: 'link', target: victim() },
        { path: 'hard', content: 'climbed' },
      ],
    ],
    ['by a hard link through ..', () => [{ path: 'hard', type: 'link', target: `${'../'.repeat(20)}${victim().slice(1)}` }]],
    ['by a whiteout of ..', () => [{ path: `${'../'.repeat(20)}${box.files.slice(1)}/.wh.victim` }]],
    ['by a whiteout named ..', () => [{ path: 'x', type: 'dir' }, { path: 'x/.wh...' }]],
    [
      'by a symlink over a folder',
      () => [
        { path: 'd', type: 'dir' },
        { path: 'd', type: 'symlink', target: box.files },
        { path: 'd/victim', content: 'climbed' },
      ],
    ],
  ];

  test.each(climbs)('a layer that climbs out %s changes nothing outside', async (_, entries) => {
    mkdirSync(box.files, { recursive: true });
    writeFileSync(victim(), 'untouched');
    const before = readdirSync(box.files).sort();
    await withRegistry(small(entries()), {}, async (registry) => {
      const { code, stderr } = await pull(registry);
      expect([0, 1]).toContain(code);
      if (code !== 0) expect(stderr).not.toMatch(/^\s+at .+:\d+/m);
      if (code === 0) await box.ok(['rmi', `${registry.address}/image`]);
    });
    expect(readdirSync(box.files).sort()).toEqual(before);
    expect(await Bun.file(victim()).text()).toBe('untouched');
  });
});

describe('what is missing on the machine', () => {
  test('crun', async () => {
    const result = await box.skiff(['run', '--rm', busybox, 'true'], { env: { PATH: pathWithout('crun', box.files) } });
    await expectRefusal(result, 125, /crun[\s\S]*apt-get install/);
  });

  test('pasta, and the way to run without it', async () => {
    const path = pathWithout('pasta', box.files);
    // One that runs already would do.
    const result = await box.skiff(['run', '--rm', busybox, 'true'], { env: { PATH: path, SKIFF_NETWORK_STEP: 'own' } });
    await expectRefusal(result, 125, /pasta[\s\S]*apt-get install/);
    expect((await box.skiff(['run', '--rm', '--network', 'none', busybox, 'echo', 'ran'], { env: { PATH: path } })).stdout).toBe('ran\n');
  });
});

describe('the command line', () => {
  test('an unknown command, with a guess', async () => {
    const { stderr, code } = await box.skiff(['strat']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/unknown command: (docker|skiff) strat/);
    expect(stderr).toContain('start');
  });

  test('run without an image', async () => {
    const { stderr, code } = await box.skiff(['run']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/requires at least 1 argument/);
  });

  test.each([
    [['-p', 'eighty:80'], /eighty/],
    [['-p', '70000:80'], /70000/],
    [['--memory', 'much'], /much/],
    [['--memory', '1k'], /6MB|minimum memory/i],
    [['--cpus', '-1'], /-1|cpus/i],
    [['--name', 'not a name'], /Invalid container name \(not a name\)/],
    [['-e', '=value'], /=value/],
    [['--stop-signal', 'SIGNOPE'], /SIGNOPE/],
    [['--pull', 'maybe'], /maybe/],
    [['--platform', 'plan9/pdp11/x/y'], /plan9/],
    [['--env-file', '/no/such/file'], /\/no\/such\/file/],
    [['--security-opt', 'seccomp=/no/such/profile'], /\/no\/such\/profile/],
    [['--workdir', 'relative'], /relative/],
  ])('run %j is refused', async (flags, text) => {
    await expectRefusal(await box.skiff(['run', ...flags, busybox, 'true']), 125, text);
  });
});
