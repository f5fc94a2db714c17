// What builds cost beside podman's (buildah's): steps that are run, steps that are all cached, a large context in which nothing changed, stages that
// need not wait for each other, a step that makes many files.
import { chownSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Told } from '../agent.ts';
import { type Bench, noSamples, peakUntil } from '../bench.ts';
import type { Engine } from '../engines.ts';
import { median } from '../report.ts';

const TAG = 'localhost/bench-build';

export async function measureBuilds(bench: Bench): Promise<void> {
  await measureSteps(bench);
  await measureLargeContext(bench);
  await measureManyFiles(bench);
  await measureStages(bench);
}

interface Build {
  context: string;
  dockerfile: string[];
}

/** Three RUNs and a COPY of 2,000 files on Debian: all run, and all cached. */
async function measureSteps(bench: Bench): Promise<void> {
  const [fresh, cached] = ['build, no step cached', 'build, all steps cached'];
  if (!bench.isWanted(fresh) && !bench.isWanted(cached)) return;
  for (const engine of bench.engines) await bench.must(engine, [engine.pull(bench.images.debian)]);
  const context = makeContext(bench, 'steps', { folders: 20, files: 100 });
  const runs = ['echo one >/one', 'mkdir /two && echo two >/two/file', 'cp -r /etc /three'].map((words) => `RUN ${words}`);
  const build = { context, dockerfile: [`FROM ${bench.images.debian}`, ...runs, 'COPY . /srv/files'] };
  await measureBuild(bench, build, { work: fresh, bar: 0.6, times: 5, isFresh: true, withPeak: true });
  await measureBuild(bench, build, { work: cached, bar: 0.3, times: 15 });
  rmSync(context, { recursive: true });
}

async function measureLargeContext(bench: Bench): Promise<void> {
  const work = 'build, 50,000 files of context, none changed';
  if (!bench.isWanted(work)) return;
  const context = makeContext(bench, 'large', { folders: 500, files: 100 });
  await measureBuild(bench, { context, dockerfile: [`FROM ${bench.images.busybox}`, 'COPY . /srv'] }, { work, bar: 0.3, times: 5 });
  rmSync(context, { recursive: true });
}

async function measureManyFiles(bench: Bench): Promise<void> {
  const work = 'build, a step that makes 10,000 files';
  if (!bench.isWanted(work)) return;
  const context = makeContext(bench, 'many', { folders: 0, files: 0 });
  const make =
    'i=0; while [ $i -lt 100 ]; do mkdir -p /made/$i; j=0; while [ $j -lt 100 ]; do echo $j >/made/$i/$j; j=$((j+1)); done; i=$((i+1)); done';
  const build = { context, dockerfile: [`FROM ${bench.images.busybox}`, `RUN ${make}`] };
  await measureBuild(bench, build, { work, bar: 0.6, times: 7, isFresh: true });
  rmSync(context, { recursive: true });
}

/** skiff against itself: the stages one after another (`--jobs 1`) and side by side. */
async function measureStages(bench: Bench): Promise<void> {
  const { skiff, images, options, isWanted, must, add } = bench;
  const work = 'build, two stages side by side, of one after another';
  if (!isWanted(work)) return;
  const context = makeContext(bench, 'stages', { folders: 0, files: 0 });
  const stage = (name: string) => [
    `FROM ${images.busybox} AS ${name}`,
    `RUN i=0; while [ $i -lt 500000 ]; do i=$((i+1)); done; echo >/${name}`,
  ];
  const last = ['FROM scratch', 'COPY --from=left /left /', 'COPY --from=right /right /'];
  writeFileSync(join(context, 'Dockerfile'), [...stage('left'), ...stage('right'), ...last, ''].join('\n'));
  const walls: [number[], number[]] = [[], []];
  for (let round = 0; round < (options.quick ? 2 : 5); round++) {
    for (const [index, jobs] of [2, 1].entries()) {
      const told = await must(skiff, [skiff.command('build', '--quiet', '--no-cache', '--jobs', String(jobs), '-t', TAG, context)]);
      walls[index]?.push(told.wallMs);
    }
  }
  add({ work, unit: '×', skiff: median(walls[0]) / median(walls[1]), bar: 0.65, absolute: true, samples: walls[0].length });
  rmSync(context, { recursive: true });
}

async function measureBuild(
  bench: Bench,
  { context, dockerfile }: Build,
  {
    work,
    bar,
    times,
    isFresh = false,
    withPeak = false,
  }: { work: string; bar: number; times: number; isFresh?: boolean; withPeak?: boolean },
): Promise<void> {
  const { skiff, engines, options, isWanted, must, ask, add, addTimes } = bench;
  if (!isWanted(work)) return;
  writeFileSync(join(context, 'Dockerfile'), `${dockerfile.join('\n')}\n`);
  const command = (engine: Engine): string[] => engine.command('build', '--quiet', ...(isFresh ? ['--no-cache'] : []), '-t', TAG, context);
  const samples: Map<Engine, Told[]> = noSamples(bench);
  if (!isFresh) for (const engine of engines) await must(engine, [command(engine)]);
  for (let round = 0; round < (options.quick ? 2 : times); round++) {
    for (const engine of engines) {
      Bun.spawnSync(['sync']);
      samples.get(engine)?.push(await must(engine, [command(engine)]));
    }
  }
  addTimes({ work, bar, cpuBar: bar }, samples);
  if (withPeak) {
    const { bytes } = await peakUntil(skiff, must(skiff, [command(skiff)]));
    add({ work: 'build, peak memory', unit: 'MB', skiff: bytes / 1e6, bar: 200, absolute: true, samples: 1 });
  }
  for (const engine of engines) await ask(engine, [engine.command('rmi', '-f', TAG)]);
}

/** A folder of the user's with so many small files. */
function makeContext({ skiff }: Bench, name: string, { folders, files }: { folders: number; files: number }): string {
  const home = skiff.env.HOME ?? '';
  const { uid, gid } = statSync(home);
  const context = join(home, `build-${name}`);
  const own = (path: string) => chownSync(path, uid, gid);
  mkdirSync(context);
  own(context);
  for (let folder = 0; folder < folders; folder++) {
    mkdirSync(join(context, `${folder}`));
    own(join(context, `${folder}`));
    for (let file = 0; file < files; file++) {
      const path = join(context, `${folder}/${file}`);
      writeFileSync(path, `file ${file} of ${folder}\n`.repeat(file));
      own(path);
    }
  }
  return context;
}
