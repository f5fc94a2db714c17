// Thirty containers joining and leaving five networks for a minute, under random kills, by `npm run storm:networks`; a shorter one here. Addresses
// never collide, names never lead to the dead (storm/network-storm.ts), and nothing is left when all is removed.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disagreements } from './storm/aftermath.ts';
import { networkStorm } from './storm/network-storm.ts';
import { holderOf, image, openSandbox, whatIsLeft } from './support/sandbox.ts';
import { ipInSharedNetns } from './support/shared-netns.ts';

const box = openSandbox();
const wanted = new URLSearchParams(process.env.SKIFF_STORM ?? '');
const asked = (name: string, usual: number): number => Number(wanted.getAll(name).at(-1) ?? usual);
const seed = asked('seed', Date.now() % 1_000_000);
const seconds = asked('seconds', 10);
const networks = asked('networks', 3);

test(
  `a storm of ${seconds} s on ${networks} networks with the seed ${seed} leaves the truth, and then nothing`,
  async () => {
    const log = join(tmpdir(), `skiff-network-storm-${seed}.log`);
    rmSync(log, { force: true });
    await box.ok(['pull', '--quiet', image('busybox')]);
    const options = {
      seconds,
      networks,
      workers: asked('workers', 4),
      containers: asked('containers', 8),
      seed,
      image: image('busybox'),
      log,
    };
    const report = await networkStorm(box, options);
    const verbs = [...report.verbs].map(([verb, { worked, refused }]) => `${verb} ${worked}+${refused}`).sort();
    const kills = [...report.kills].map(([name, count]) => `${name} ${count}`);
    process.stderr.write(
      `network storm: seed ${seed}, worked + refused: ${verbs.join(', ')}\nnetwork storm: killed ${kills.join(', ')}\nnetwork storm: ${report.looks} looks, ${report.asked} names asked for, ${report.found} found; log ${log}\n`,
    );
    expect(report.defects).toEqual([]);
    expect(await disagreements(box)).toEqual([]);
    expect(await whatIsLeft(box)).toEqual([]);
    const names = (await box.ok(['network', 'ls', '-q', '--filter', 'type=custom'])).split('\n').filter(Boolean);
    await box.ok(['network', 'rm', ...names]);
    // Where the holder was killed after the last container ended, there is no namespace that anything could stand in.
    expect(holderOf(box) === undefined ? '' : ipInSharedNetns(box, ['-o', 'link', 'show', 'type', 'bridge'])).toBe('');
    rmSync(log, { force: true });
  },
  (seconds + 600) * 1000,
);
