// Twenty workers, thirty containers and a killer for two minutes by `npm run storm`; a shorter one here. What must hold: no call hangs or
// fails in words of its own, skiff and /proc agree afterwards, and nothing is left when all containers are removed.
import { rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMITTED } from './storm/actions.ts';
import { disagreements, inventory, traces } from './storm/aftermath.ts';
import { storm } from './storm/storm.ts';
import { image, openSandbox, whatIsLeft } from './support/sandbox.ts';

const box = openSandbox();
const wanted = new URLSearchParams(process.env.SKIFF_STORM ?? '');
const asked = (name: string, usual: number): number => Number(wanted.getAll(name).at(-1) ?? usual);
const seed = asked('seed', Date.now() % 1_000_000);
const seconds = asked('seconds', 20);

test(
  `a storm of ${seconds} s with the seed ${seed} leaves the truth, and then nothing`,
  async () => {
    const log = join(tmpdir(), `skiff-storm-${seed}.log`);
    rmSync(log, { force: true });
    await box.ok(['pull', '--quiet', image('busybox')]);
    await box.ok(['run', '--rm', image('busybox'), 'true']);
    const before = inventory(box);
    const options = { seconds, workers: asked('workers', 6), containers: asked('containers', 10), seed, image: image('busybox'), log };
    const report = await storm(box, options);

    const verbs = [...report.verbs].map(([verb, { worked, refused }]) => `${verb} ${worked}+${refused}`).sort();
    const kills = [...report.kills].map(([name, count]) => `${name} ${count}`);
    const slowest = report.lists.at(-1) ?? 0;
    const middle = report.lists[report.lists.length >> 1] ?? 0;
    const times = `the middle one in ${middle.toFixed(0)} ms, the slowest in ${slowest.toFixed(0)} ms`;
    const bar = `${report.lists.length} lists, ${times} (bar: 1000 ms): ${slowest < 1000 ? 'ok' : 'MISSED'}; load ${loadavg()[0]?.toFixed(1)}`;
    process.stderr.write(
      `storm: seed ${seed}, ${report.calls} calls (worked + refused): ${verbs.join(', ')}\nstorm: killed ${kills.join(', ')}\nstorm: ${bar}\nstorm: log ${log}\n`,
    );

    expect(report.defects).toEqual([]);
    expect(await disagreements(box)).toEqual([]);
    const checked = await box.skiff(['system', 'check'], { timeoutMs: 120_000 });
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(await whatIsLeft(box)).toEqual([]);
    for (const reference of COMMITTED) await box.skiff(['rmi', '-f', reference]);
    const dangling = (await box.ok(['images', '-q', '-f', 'dangling=true'])).split('\n').filter(Boolean);
    if (dangling.length > 0) await box.ok(['rmi', '-f', ...dangling]);
    expect(traces(box, before, report.ids)).toEqual([]);
    rmSync(log, { force: true });
  },
  (seconds + 600) * 1000,
);
