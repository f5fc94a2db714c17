// kill -9 in the middle of what changes images: 200 times in a row by `npm run faults`, a few times here. After each, `system check` is clean or
// repairs itself, nothing that a reference reaches is lost, and the same command, repeated, completes. And four of them at once.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { faults } from './faults/faults.ts';
import { openStage, type Stage } from './faults/stage.ts';
import { VERBS } from './faults/verbs.ts';
import { image, openSandbox, whatIsLeft } from './support/sandbox.ts';

const box = openSandbox();
const wanted = new URLSearchParams(process.env.SKIFF_FAULTS ?? '');
const asked = (name: string, usual: number): number => Number(wanted.getAll(name).at(-1) ?? usual);
const seed = asked('seed', Date.now() % 1_000_000);
const rounds = asked('rounds', VERBS.length);

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(box, image('busybox'));
}, 300_000);
afterAll(() => stage?.stop());

test('two pulls, a load and prunes at once on shared layers lose nothing that a reference reaches', async () => {
  const { two, archive, plainArchive, plain, shared, kept } = stage;
  for (let turn = 0; turn < 2; turn++) {
    await box.skiff(['rmi', two]);
    await box.skiff(['rmi', plain]);
    await box.ok(['load', '--quiet', '-i', archive]);
    await box.ok(['untag', two]);
    const results = await Promise.all(
      [
        ['pull', '--quiet', two],
        ['image', 'prune', '--force'],
        ['pull', '--quiet', shared],
        ['load', '--quiet', '-i', plainArchive],
        ['image', 'prune', '--force'],
      ].map((args) => box.skiff(args, { timeoutMs: 120_000 })),
    );
    expect(results.map(({ code, stderr }) => ({ code, stderr }))).toEqual(results.map(() => ({ code: 0, stderr: '' })));
    const checked = await box.ok(['system', 'check']);
    expect(checked).toMatch(/ 0 problems$/);
    expect(await box.ok(['run', '--rm', '--network', 'none', two, 'cat', '/shared/last', '/two/last'])).toBe('shared\ntwo');
    expect(await box.ok(['run', '--rm', '--network', 'none', plain, 'cat', '/shared/last', '/plain/last'])).toBe('shared\nplain');
    for (const reference of kept.keys()) await box.ok(['image', 'inspect', reference]);
  }
  await box.ok(['rmi', two, plain]);
}, 300_000);

test(
  `${rounds} kills at random moments with the seed ${seed} lose nothing, and what was killed completes when it is repeated`,
  async () => {
    const report = await faults(stage, { seed, rounds, only: wanted.get('only') ?? '' });
    const verbs = [...report.verbs].map(([verb, { killed, done }]) => `${verb} ${killed}+${done}`);
    process.stderr.write(`faults: seed ${seed}, killed before + after their end: ${verbs.join(', ')}; ${report.repairs} repairs\n`);
    expect(report.defects).toEqual([]);
    rmSync(join(stage.output, 'saved.tar'), { force: true });
    expect(await box.ok(['system', 'check', '--repair'])).toMatch(/ 0 problems$/);
    expect(await whatIsLeft(box)).toEqual([]);
  },
  (rounds * 60 + 120) * 1000,
);
