// Measures skiff beside podman; run it by scripts/bench.sh. Both do the same work on the same image in turn, so that whatever the
// machine does meanwhile meets both; medians are compared. Prints a table and exits 1 when a bar is missed. What is measured is one
// file a subject in bench/subjects/, listed here in the order in which they run; what they measure with is bench/bench.ts.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { startTestRegistry } from '../test/e2e/support/registry.ts';
import { type Bench, makeBench } from './bench/bench.ts';
import { parseOptions } from './bench/options.ts';
import { makePlace } from './bench/place.ts';
import { conditions, isKept, tableOf } from './bench/report.ts';
import { startAgent } from './bench/start-agent.ts';
import { measureBuilds } from './bench/subjects/build.ts';
import { measureCopyUp } from './bench/subjects/copy-up.ts';
import { measureFillings } from './bench/subjects/filling.ts';
import { measureIdleContainers } from './bench/subjects/idle.ts';
import { measureImages } from './bench/subjects/images.ts';
import { measureLists } from './bench/subjects/lists.ts';
import { measureLog } from './bench/subjects/log.ts';
import { measureNames } from './bench/subjects/network-names.ts';
import { measurePublished } from './bench/subjects/network-publish.ts';
import { measureTraffic } from './bench/subjects/network-traffic.ts';
import { measurePush } from './bench/subjects/push.ts';
import { measureStarts } from './bench/subjects/starts.ts';
import { measureVersion } from './bench/subjects/version.ts';

const SUBJECTS: ((bench: Bench) => Promise<void>)[] = [
  measureStarts,
  measureCopyUp,
  measureLists,
  measureIdleContainers,
  measureLog,
  measureFillings,
  measurePush,
  measureBuilds,
  measureNames,
  measureTraffic,
  measurePublished,
  measureImages,
  measureVersion,
];

const options = parseOptions(process.argv.slice(2));
const registry = await startTestRegistry();
const place = makePlace(process.env.BENCH_FOLDER ?? '/var/tmp');
const agent = startAgent(place.folder, place);
const address = (name: string) => `${registry.address}/${name}:latest`;
const images = { busybox: address('busybox'), app: address('app'), appZstd: address('app-zstd'), debian: address('debian') };
const bench = makeBench({ place, agent, options, images });
const { podman, engines } = bench;

try {
  for (const engine of engines) {
    await bench.must(engine, [engine.pull(images.busybox)]);
    await bench.must(engine, [engine.command('run', '--rm', images.busybox, 'true')]); // both hold their namespaces from here on
  }
  for (const measure of SUBJECTS) await measure(bench);
} finally {
  for (const engine of engines) {
    const { stdout } = await bench.ask(engine, [engine.command('ps', '-aq')]);
    if (stdout !== '') await bench.ask(engine, [engine.remove(...stdout.split('\n'))]);
  }
  await bench.ask(podman, [podman.command('system', 'reset', '-f')]).catch(() => undefined);
  agent.kill();
  registry.stop();
  place.remove();
}

const { rows } = bench;
const about = conditions(versions());
console.log(`\n${about}\n\n${tableOf(rows)}`);
if (options.json) writeFileSync(resolve(process.env.BENCH_CALLER ?? '.', options.json), `${JSON.stringify({ about, rows }, null, 2)}\n`);
process.exit(rows.every((row) => isKept(row) !== false) ? 0 : 1);

function versions(): Record<string, string> {
  const output = (command: string[]) => Bun.spawnSync(command).stdout.toString();
  return {
    podman: output(['podman', '--version']).match(/[\d.]+/)?.[0] ?? '?',
    crun: output(['crun', '--version']).match(/[\d.]+/)?.[0] ?? '?',
  };
}
