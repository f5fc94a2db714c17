// `load` that is killed, meets a full disk, or is not alone: afterwards the store is clean or says what to sweep, and the same load completes.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { FULL_NAME, layoutEntries, oldDockerEntries, storedThings } from './support/image-archive.ts';
import { imageOf, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { image, openSandbox, type Sandbox } from './support/sandbox.ts';

const box = openSandbox();
const [busybox, features, unusual] = ['busybox', 'features', 'unusual'].map(image) as [string, string, string];
const MOMENTS = 16;
/** Layers that take a while: many files, some of them large. */
const layers = (compression: 'gzip' | 'none') =>
  [0, 1, 2, 3].map((layer) =>
    layerOf(
      tarOf([
        ...Array.from({ length: 250 }, (_, file) => ({ path: `files-${layer}/${file}`, content: `${layer} ${file}`.repeat(40) })),
        { path: `large-${layer}`, content: Buffer.alloc(2 << 20, layer + 1) },
      ]),
      compression,
    ),
  );
const name = 'survivor:1';
const archives: Record<string, Uint8Array> = {
  'new.tar': tarOf(layoutEntries(imageOf({ layers: layers('gzip') }), { annotations: { [FULL_NAME]: `docker.io/library/${name}` } })),
  'old.tar': tarOf(oldDockerEntries(layers('none'), [name]).entries),
};

beforeAll(async () => {
  for (const [file, bytes] of Object.entries(archives)) await Bun.write(join(box.files, file), bytes);
});

/** Pids of this sandbox's workers and fronts. */
function processesOf({ run }: Sandbox): number[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`SKIFF_RUNROOT=${run}`);
        return isOurs && /\0(?:__work|load)\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1')) ? [Number(pid)] : [];
      } catch {
        return [];
      }
    });
}

/** Layers and records of images. */
const made = (): string[] => storedThings(box).filter((path) => path.startsWith('layers/') || path.startsWith('images/records/'));

function killAll(): void {
  for (const pid of processesOf(box)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

test(`kill -9 at ${MOMENTS} moments of a load leaves a store that is clean or is swept, and the same load completes`, async () => {
  const began = performance.now();
  await box.ok(['load', '-i', 'new.tar']);
  const wholeMs = performance.now() - began;
  const undisturbed = made();
  await box.ok(['rmi', name]);
  for (let moment = 0; moment < MOMENTS; moment++) {
    const file = moment % 2 === 0 ? 'new.tar' : 'old.tar';
    const isStream = moment % 4 > 1;
    const child = box.start(['load', ...(isStream ? [] : ['-i', file])]);
    if (isStream)
      void (async () => {
        await child.stdin.write(archives[file] ?? '');
        await child.stdin.end();
      })().catch(() => undefined);
    await Bun.sleep((wholeMs * 1.1 * (moment + Math.random())) / MOMENTS);
    if (moment % 3 === 0) child.kill('SIGKILL');
    else killAll();
    await child.exited;
    await eventually('every worker has ended', () => processesOf(box).length === 0);
    if ((await box.skiff(['system', 'check'])).code !== 0) await box.ok(['system', 'check', '--repair']);
    expect((await box.skiff(['system', 'check'])).code).toBe(0);
    // Before it stands what becomes of the name, where the killed one had got far enough to give it to the image of the other archive.
    expect((await box.ok(['load', '-i', 'new.tar'])).split('\n').at(-1)).toBe(`Loaded image: ${name}`);
    expect(made()).toEqual(expect.arrayContaining(undisturbed));
    const ids = (await box.ok(['images', '-aq', '--no-trunc'])).split('\n').filter(Boolean);
    await box.ok(['rmi', '-f', ...new Set(ids)]);
  }
  expect(storedThings(box)).toEqual([]);
}, 600_000);

test('two loads and a pull at once, on shared layers, while an image with the same layers is removed', async () => {
  for (const reference of [busybox, features, unusual]) await box.ok(['pull', '--quiet', reference]);
  await box.ok(['save', '-o', 'busybox.tar', busybox]);
  await box.ok(['save', '-o', 'features.tar', features]);
  for (let round = 0; round < 4; round++) {
    await box.ok(['rmi', '-f', features, unusual]);
    const outcomes = await Promise.all([
      box.skiff(['load', '-i', 'features.tar']),
      box.skiff(['load'], { stdin: readFileSync(join(box.files, 'features.tar')) }),
      box.skiff(['pull', '--quiet', unusual]),
      box.skiff(['rmi', busybox]),
    ]);
    const unusualSays = 'skiff: warning: Left out device nodes such as "dev/console-like": only root may make them\n';
    expect(outcomes.map(({ code, stderr }) => [code, stderr.replace(unusualSays, '')])).toEqual(outcomes.map(() => [0, '']));
    for (const reference of [features, unusual])
      expect(await box.ok(['run', '--rm', '--network', 'none', '--entrypoint', 'cat', reference, '/www/index.html'])).toBe(
        'hello from the container',
      );
    expect(await box.ok(['system', 'check'])).toMatch(/ 0 problems$/);
    await box.ok(['load', '-i', 'busybox.tar']);
  }
  expect(storedThings(box).filter((path) => path.startsWith('tmp'))).toEqual([]);
});

const disk = process.env.SKIFF_TEST_SMALL_DISK;
(disk ? describe : describe.skip)('a disk of 24 MB (needs root to make one)', () => {
  const small = openSandbox({ storage: disk ?? '/var/tmp' });

  test('a load that does not fit says that the disk is full, and leaves nothing', async () => {
    const big = imageOf({ layers: [5, 6, 7].map((seed) => layerOf(tarOf([{ path: `large-${seed}`, content: noise(9 << 20, seed) }]))) });
    await Bun.write(join(box.files, 'big.tar'), tarOf(layoutEntries(big)));
    mkdirSync(join(small.root, 'images'), { recursive: true });
    for (const options of [{ args: ['-i', join(box.files, 'big.tar')] }, { args: [], stdin: tarOf(layoutEntries(big)) }]) {
      const { stdout, stderr, code } = await small.skiff(['load', ...options.args], options);
      expect([stdout, code]).toEqual(['', 1]);
      expect(stderr).toMatch(/^skiff: .*no space left on (?:the )?device/i);
      expect(storedThings(small)).toEqual([]);
    }
    const fits = await small.ok(['load', '-i', join(box.files, 'features.tar')]);
    expect(fits).toBe(`Loaded image: ${features}:latest`);
    await small.ok(['rmi', features]);
    rmSync(join(box.files, 'big.tar'));
  });
});

/** Bytes that no compression makes smaller, the same in every run. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
