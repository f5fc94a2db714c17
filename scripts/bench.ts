// Measures skiff beside podman; run it by scripts/bench.sh. Both do the same work on the same image in turn, so that whatever the
// machine does meanwhile meets both; medians are compared. Prints a table and exits 1 when a bar is missed.
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { startEmptyRegistry } from '../test/e2e/support/empty-registry.ts';
import { startTestRegistry } from '../test/e2e/support/registry.ts';
import type { Ask, Told } from './bench/agent.ts';
import { type Engine, makeEngines } from './bench/engines.ts';
import { writeManyImages } from './bench/many-images.ts';
import { type Memory, memoryOf, supervisorTicks } from './bench/memory.ts';
import { conditions, isKept, median, type Row, tableOf } from './bench/report.ts';

const options = parseOptions(process.argv.slice(2));
const folder = process.env.BENCH_FOLDER ?? '/var/tmp';
const isRoot = process.getuid?.() === 0;
const rows: Row[] = [];
/** 150 MB/s, in milliseconds for a gigabyte. */
const LOG_BAR_MS = 6667;

const registry = await startTestRegistry();
const user = isRoot ? desktopUser() : { name: userInfo().username, uid: process.getuid?.() ?? 0, home: homedir() };
const runFolder = mkdtempSync(`/run/user/${user.uid}/bench-`);
const binary = join(folder, 'skiff-binary');
cpSync('dist/skiff', binary);
const engines = makeEngines({ folder, runFolder, home: join(folder, 'home'), user: user.name, binary });
const [skiff, podman] = engines;
prepareFolders();
const agent = startAgent();

try {
  const [busybox, app] = ['busybox', 'app'].map((name) => `${registry.address}/${name}:latest`);
  if (busybox === undefined || app === undefined) throw new Error('unreachable');
  for (const engine of engines) await must(engine, [engine.pull(busybox)]);
  await must(skiff, [skiff.command('run', '--rm', busybox, 'true')]); // both hold their namespaces from here on
  await must(podman, [podman.command('run', '--rm', busybox, 'true')]);

  await measureStarts(busybox);
  await measureLists(busybox);
  await measureStats(busybox);
  await measureLongList(busybox);
  await measureMemory(busybox);
  await measureIdle(busybox);
  await measureLog(busybox);
  await measurePull(app);
  await measureLoad(app);
  await measurePush(app);
  await measureImageList();
  await measureRemoval(app);
  await measureVersion();
} finally {
  for (const engine of engines) await removeContainers(engine);
  await ask(podman, [podman.command('system', 'reset', '-f')]).catch(() => undefined);
  agent.kill();
  registry.stop();
  removeTrees();
}

const about = conditions(await versions());
console.log(`\n${about}\n\n${tableOf(rows)}`);
if (options.json) writeFileSync(resolve(process.env.BENCH_CALLER ?? '.', options.json), `${JSON.stringify({ about, rows }, null, 2)}\n`);
process.exit(rows.every((row) => isKept(row) !== false) ? 0 : 1);

async function measureStarts(image: string): Promise<void> {
  const times = options.quick ? 5 : 21;
  const run =
    (...flags: string[]) =>
    (engine: Engine) => [engine.command('run', '--rm', ...flags, image, 'true')];
  await compare({ work: 'run --rm IMG true', bar: 0.45, times }, run());
  await compare({ work: 'run --rm --network none IMG true', bar: 0.45, times }, run('--network', 'none'));
  await compare({ work: 'run -d + rm -f', bar: 0.45, times }, (engine) => [
    engine.command('run', '-d', '--name', 'bench', image, 'sleep', '1000'),
    engine.remove('bench'),
  ]);
  if (!isWanted('exec') && !isWanted('starts')) return;
  for (const engine of engines) await must(engine, [engine.command('run', '-d', '--name', 'target', image, 'sleep', '100000')]);
  await compare({ work: 'exec C true', bar: 0.5, times }, (engine) => [engine.command('exec', 'target', 'true')]);
  for (const engine of engines) await must(engine, [engine.remove('target')]);
  const twenty = (engine: Engine) => Array.from({ length: 20 }, () => engine.command('run', '--rm', image, 'true'));
  await compare({ work: '20 starts, eight at a time', bar: 0.45, times: options.quick ? 2 : 5, parallel: 8 }, twenty);
}

async function measureLists(image: string): Promise<void> {
  if (!isWanted('ps -a')) return;
  const times = options.quick ? 5 : 21;
  const list = (engine: Engine) => [engine.command('ps', '-a')];
  await compare({ work: 'ps -a, 0 containers', bar: 0.5, times }, list);
  const names = Array.from({ length: 100 }, (_, index) => `list-${index}`);
  for (const engine of engines) {
    await must(
      engine,
      names.map((name) => engine.command('create', '--name', name, image, 'true')),
      4,
    );
  }
  await compare({ work: 'ps -a, 100 containers', bar: 0.5, times }, list);
  for (const engine of engines) await must(engine, [engine.remove(...names)]);
}

async function measureStats(image: string): Promise<void> {
  const work = 'stats --no-stream, 50 containers';
  if (!isWanted(work)) return;
  const names = Array.from({ length: 50 }, (_, index) => `busy-${index}`);
  for (const engine of engines) {
    const starts = names.map((name) => engine.command('run', '-d', '--name', name, '--network', 'none', image, 'sleep', '100000'));
    await must(engine, starts, 4);
  }
  await compare({ work, bar: 0.5, times: options.quick ? 3 : 11 }, (engine) => [engine.command('stats', '--no-stream')]);
  for (const engine of engines) await must(engine, [engine.remove(...names)]);
}

/** What podman takes for it is not asked: making a thousand containers costs it minutes. */
async function measureLongList(image: string): Promise<void> {
  const work = 'ps -a, 1,000 containers, CPU';
  if (!isWanted(work)) return;
  const names = Array.from({ length: 1000 }, (_, index) => `long-${index}`);
  await must(
    skiff,
    names.map((name) => skiff.command('create', '--name', name, image, 'true')),
    4,
  );
  const told: Told[] = [];
  for (let round = 0; round < (options.quick ? 5 : 21); round++) told.push(await must(skiff, [skiff.command('ps', '-a')]));
  const cpu = median(told.map((one) => one.cpuMs));
  add({ work, unit: 'ms', skiff: cpu, bar: 150, absolute: true, samples: told.length });
  await must(skiff, [skiff.remove(...names)]);
}

async function measureIdle(image: string): Promise<void> {
  const work = 'an idle container for a minute, CPU of its supervisor';
  if (!isWanted(work)) return;
  await must(skiff, [skiff.command('run', '-d', '--name', 'idle', image, 'sleep', '100000')]);
  await Bun.sleep(15_000); // it tidies up once after the start
  const before = supervisorTicks(skiff);
  if (before.supervisors !== 1) throw new Error(`${before.supervisors} supervisors of one container`);
  await Bun.sleep(60_000);
  const after = supervisorTicks(skiff);
  add({ work, unit: 'ms', skiff: (after.ticks - before.ticks) * 10, bar: 0, absolute: true, samples: 1 });
  await must(skiff, [skiff.remove('idle')]);
}

/** A container prints a gigabyte, in lines of a hundred bytes, to its log: the time from its first byte to its end. */
async function measureLog(image: string): Promise<void> {
  const work = 'a container logs 1 GB';
  if (!isWanted(work)) return;
  const times = options.quick ? 1 : 3;
  const line = 'a line of a hundred bytes as a program might print it, with a number in it and some more: 1234567890'.slice(0, 99);
  const script = `yes '${line}' | head -c 50000000 >/f; while [ ! -e /go ]; do sleep 0.05; done; for n in $(seq 20); do cat /f; done`;
  const walls = new Map<Engine, number[]>(engines.map((engine) => [engine, []]));
  for (let round = 0; round < times; round++) {
    for (const engine of engines) {
      await must(engine, [engine.command('run', '-d', '--name', 'prints', image, 'sh', '-c', script)]);
      await Bun.sleep(2000);
      const told = await must(engine, [engine.command('exec', 'prints', 'touch', '/go'), engine.command('wait', 'prints')]);
      walls.get(engine)?.push(told.wallMs);
      await must(engine, [engine.remove('prints')]);
    }
  }
  const [ours, theirs] = [median(walls.get(skiff) ?? []), median(walls.get(podman) ?? [])];
  add({ work, unit: 'ms', skiff: ours, podman: theirs, bar: LOG_BAR_MS, absolute: true, samples: times });
}

/** Megabytes for each of twenty idle containers. */
async function memoryPerContainer(engine: Engine, image: string, flags: string[]): Promise<number> {
  const count = 20;
  const names = Array.from({ length: count }, (_, index) => `idle-${index}`);
  const before = memoryOf(engine);
  const starts = names.map((name) => engine.command('run', '-d', '--name', name, ...flags, image, 'sleep', '100000'));
  await must(engine, starts, 4);
  await Bun.sleep(8000); // supervisors tidy up five seconds after the start
  const after = memoryOf(engine);
  console.error(`  ${engine.name} ${flags.join(' ')}: ${describe(after)}`);
  await must(engine, [engine.remove(...names)]);
  return (after.bytes - before.bytes) / count / 1e6;
}

/** Megabytes of one pasta as podman starts it, on a namespace of its own. */
async function memoryOfPodmansPasta(): Promise<number> {
  // Debian's podman is too old to call pasta; later ones call it so (podman-run(1), --network pasta, and its defaults).
  const pasta = 'exec pasta --config-net -t none -u none -T none -U none --no-map-gw --quiet --foreground';
  const script = `unshare --user --map-root-user --net sleep 60 & sleep 0.5; (${pasta} $!) & sleep 0.2`;
  await must(podman, [['setsid', 'sh', '-c', `{ ${script}; } >/dev/null 2>&1 &`]]);
  await Bun.sleep(3000);
  const { byName } = memoryOf(podman);
  const bytes = Object.entries(byName).reduce((sum, [name, size]) => (/^pas[st]/.test(name) ? sum + size : sum), 0);
  await must(podman, [['sh', '-c', 'pkill -f "^pasta --config-net -t none" ; pkill -xf "sleep 60"; true']]);
  return bytes / 1e6;
}

async function measureMemory(image: string): Promise<void> {
  if (!isWanted('memory of a running container')) return;
  const none = ['--network', 'none'];
  const [ours, theirs] = [await memoryPerContainer(skiff, image, none), await memoryPerContainer(podman, image, none)];
  const work = 'memory of a running container';
  add({ work: `${work}, network none`, unit: 'MB', skiff: ours, podman: theirs, bar: 8, absolute: true, samples: 1 });
  const connected = await memoryPerContainer(skiff, image, []);
  const withPasta = theirs + (await memoryOfPodmansPasta());
  add({ work: `${work}, podman with pasta`, unit: 'MB', skiff: connected, podman: withPasta, bar: 1, samples: 1 });
  const slirp = await memoryPerContainer(podman, image, []);
  add({ work: `${work}, podman with slirp4netns`, unit: 'MB', skiff: connected, podman: slirp, samples: 1 });
}

async function measurePull(image: string): Promise<void> {
  if (!isWanted('cold pull')) return;
  await measureFilling(image, 'cold pull', (engine) => engine.pull(image));
}

/** Of an archive that both engines read. */
async function measureLoad(image: string): Promise<void> {
  if (!isWanted('load')) return;
  const archive = join(skiff.storage, 'app.tar');
  for (const engine of engines) await must(engine, [engine.pull(image)]);
  await must(skiff, [skiff.command('save', '-o', archive, image)]);
  await measureFilling(image, 'load', (engine) => engine.command('load', '--quiet', '-i', archive));
}

/** What brings the image of 25,000 files into a store that has nothing of it. */
async function measureFilling(image: string, name: string, command: (engine: Engine) => string[]): Promise<void> {
  const times = options.quick ? 1 : 5;
  const samples = new Map<Engine, Told[]>(engines.map((engine) => [engine, []]));
  let peak: Memory | undefined;
  for (let round = 0; round <= times; round++) {
    for (const engine of engines) {
      await ask(engine, [engine.command('rmi', '-f', image)]);
      Bun.spawnSync(['sync']);
      const filling = must(engine, [command(engine)]);
      // The last round is for memory alone: reading it takes time from the work.
      if (round < times) samples.get(engine)?.push(await filling);
      else if (engine === skiff) peak = await peakUntil(engine, filling);
      else await filling;
    }
  }
  const middle = (key: 'wallMs' | 'cpuMs') => (engine: Engine) => median((samples.get(engine) ?? []).map((told) => told[key]));
  const [wall, cpu] = [middle('wallMs'), middle('cpuMs')];
  add({ work: `${name}, 25,000 files`, unit: 'ms', skiff: wall(skiff), podman: wall(podman), bar: 0.6, samples: times });
  add({ work: `${name}, CPU`, unit: 'ms', skiff: cpu(skiff), podman: cpu(podman), samples: times });
  if (peak) add({ work: `${name}, peak memory`, unit: 'MB', skiff: peak.bytes / 1e6, bar: 150, absolute: true, samples: 1 });
}

/** Each engine pushes to a registry of its own that is empty, and then again to the same. */
async function measurePush(image: string): Promise<void> {
  if (!isWanted('push')) return;
  const times = options.quick ? 2 : 7;
  const samples = new Map(engines.map((engine) => [engine, { empty: [] as Told[], full: [] as Told[] }]));
  let peak: Memory | undefined;
  for (const engine of engines) await must(engine, [engine.pull(image)]);
  for (let round = 0; round <= times; round++) {
    for (const engine of engines) {
      const target = await startEmptyRegistry();
      try {
        const name = `${target.address}/app:latest`;
        await must(engine, [engine.command('tag', image, name)]);
        const pushing = must(engine, [engine.push(name)]);
        // The last round is for memory alone: reading it takes time from the push.
        if (round < times) {
          samples.get(engine)?.empty.push(await pushing);
          samples.get(engine)?.full.push(await must(engine, [engine.push(name)]));
        } else if (engine === skiff) peak = await peakUntil(engine, pushing);
        else await pushing;
        await must(engine, [engine.command('rmi', name)]);
      } finally {
        target.stop();
      }
    }
  }
  for (const [key, work, bar] of [
    ['empty', 'push to an empty registry', 0.6],
    ['full', 'push to a registry that has it', 0.4],
  ] as const) {
    const middle = (engine: Engine, what: 'wallMs' | 'cpuMs') => median((samples.get(engine)?.[key] ?? []).map((told) => told[what]));
    add({ work, unit: 'ms', skiff: middle(skiff, 'wallMs'), podman: middle(podman, 'wallMs'), bar, samples: times });
    add({ work: `${work}, CPU`, unit: 'ms', skiff: middle(skiff, 'cpuMs'), podman: middle(podman, 'cpuMs'), samples: times });
  }
  if (peak) add({ work: 'push, peak memory', unit: 'MB', skiff: peak.bytes / 1e6, bar: 150, absolute: true, samples: 1 });
}

/** What podman takes for it is not asked: it has no five hundred images. */
async function measureImageList(): Promise<void> {
  const work = 'images, 500 images, CPU';
  if (!isWanted(work)) return;
  const remove = writeManyImages(join(skiff.storage, 'data/skiff'), 500);
  try {
    const told: Told[] = [];
    for (let round = 0; round < (options.quick ? 5 : 21); round++) told.push(await must(skiff, [skiff.command('images')]));
    const cpu = median(told.map((one) => one.cpuMs));
    add({ work, unit: 'ms', skiff: cpu, bar: 60, absolute: true, samples: told.length });
  } finally {
    remove();
  }
}

async function measureRemoval(image: string): Promise<void> {
  const work = 'rmi, 25,000 files';
  if (!isWanted(work)) return;
  const times = options.quick ? 1 : 5;
  const walls = new Map<Engine, number[]>(engines.map((engine) => [engine, []]));
  for (let round = 0; round < times; round++) {
    for (const engine of engines) {
      await must(engine, [engine.pull(image)]);
      Bun.spawnSync(['sync']);
      walls.get(engine)?.push((await must(engine, [engine.command('rmi', image)])).wallMs);
    }
  }
  add({ work, unit: 'ms', skiff: median(walls.get(skiff) ?? []), podman: median(walls.get(podman) ?? []), bar: 0.6, samples: times });
}

async function peakUntil(engine: Engine, pulling: Promise<Told>): Promise<Memory> {
  let isDone = false;
  pulling.finally(() => {
    isDone = true;
  });
  const before = memoryOf(engine).bytes;
  let peak = memoryOf(engine);
  while (!isDone) {
    const now = memoryOf(engine);
    if (now.bytes > peak.bytes) peak = now;
    await Bun.sleep(25);
  }
  await pulling;
  console.error(`  ${engine.name}, peak: ${describe(peak)} (${(before / 1e6).toFixed(1)} MB before)`);
  return peak;
}

async function measureVersion(): Promise<void> {
  if (!isWanted('--version')) return;
  const told: Told[] = [];
  for (let round = 0; round < (options.quick ? 5 : 21); round++) told.push(await must(skiff, [skiff.command('--version')]));
  add({
    work: 'skiff --version, CPU',
    unit: 'ms',
    skiff: median(told.map((one) => one.cpuMs)),
    bar: 25,
    absolute: true,
    samples: told.length,
  });
}

async function compare(
  what: { work: string; bar: number; times: number; parallel?: number },
  commandsOf: (engine: Engine) => string[][],
): Promise<void> {
  if (!isWanted(what.work)) return;
  const walls = new Map<Engine, number[]>(engines.map((engine) => [engine, []]));
  for (let round = 0; round < what.times; round++) {
    for (const engine of engines) walls.get(engine)?.push((await must(engine, commandsOf(engine), what.parallel)).wallMs);
  }
  const [ours, theirs] = [median(walls.get(skiff) ?? []), median(walls.get(podman) ?? [])];
  add({ work: what.work, unit: 'ms', skiff: ours, podman: theirs, bar: what.bar, samples: what.times });
}

function add(row: Row): void {
  rows.push(row);
  const beside =
    row.podman === undefined ? '' : `, podman ${row.podman.toFixed(1)} ${row.unit}, ratio ${(row.skiff / row.podman).toFixed(2)}`;
  console.error(`${row.work}: skiff ${row.skiff.toFixed(1)} ${row.unit}${beside}`);
}

async function must(engine: Engine, commands: string[][], parallel = 1): Promise<Told> {
  const told = await ask(engine, commands, parallel);
  if (told.failure) throw new Error(told.failure);
  return told;
}

async function ask(engine: Engine, commands: string[][], parallel = 1): Promise<Told> {
  const question: Ask = { commands, parallel, env: engine.env };
  return agent.ask(question);
}

function startAgent(): { ask: (question: Ask) => Promise<Told>; kill: () => void } {
  const bun = join(folder, 'bun');
  const script = join(folder, 'agent.ts');
  cpSync(process.execPath, bun);
  cpSync(join(import.meta.dir, 'bench/agent.ts'), script);
  const become = isRoot ? ['bash', join(import.meta.dir, 'desktop')] : [];
  const child = Bun.spawn([...become, bun, script], { stdio: ['pipe', 'pipe', 'inherit'], cwd: folder });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let text = '';
  return {
    kill: () => child.kill(),
    ask: async (question) => {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      child.stdin.flush();
      while (!text.includes('\n')) {
        const { done, value } = await reader.read();
        if (done) throw new Error('The agent of the benchmark ended');
        text += decoder.decode(value, { stream: true });
      }
      const end = text.indexOf('\n');
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      return JSON.parse(line);
    },
  };
}

function desktopUser(): { name: string; uid: number; home: string } {
  const line = Bun.spawnSync(['bash', join(import.meta.dir, 'desktop'), 'sh', '-c', 'echo "$USER $(id -u) $HOME"']).stdout.toString();
  const [name = '', uid = '', home = ''] = line.trim().split(' ');
  return { name, uid: Number(uid), home };
}

function prepareFolders(): void {
  const made = [join(folder, 'home'), runFolder];
  for (const engine of engines) made.push(join(folder, engine.name), engine.env.XDG_RUNTIME_DIR ?? '', engine.env.TMPDIR ?? '');
  for (const path of made) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chownSync(path, user.uid, statSync(`/run/user/${user.uid}`).gid);
  }
  if (isRoot) Bun.spawnSync(['chmod', '755', folder]);
}

async function removeContainers(engine: Engine): Promise<void> {
  const { stdout } = await ask(engine, [engine.command('ps', '-aq')]);
  if (stdout !== '') await ask(engine, [engine.remove(...stdout.split('\n'))]);
}

// Layers hold files of sub-ids: root may delete them, a plain user needs their namespace.
function removeTrees(): void {
  endHolder();
  const trees = [...engines.map((engine) => join(folder, engine.name)), join(folder, 'home'), runFolder];
  if (isRoot) for (const tree of trees) rmSync(tree, { recursive: true, force: true });
  else Bun.spawnSync(['unshare', '--map-auto', '--map-root-user', 'rm', '-rf', ...trees, folder]);
}

/** skiff's namespace holder sleeps on by design; here its folders go away below it. */
function endHolder(): void {
  try {
    process.kill(JSON.parse(readFileSync(join(runFolder, 'skiff/skiff/holder.json'), 'utf8')).pid);
  } catch {
    // Nothing was run.
  }
}

async function versions(): Promise<Record<string, string>> {
  const output = (command: string[]) => Bun.spawnSync(command).stdout.toString();
  return {
    podman: output(['podman', '--version']).match(/[\d.]+/)?.[0] ?? '?',
    crun: output(['crun', '--version']).match(/[\d.]+/)?.[0] ?? '?',
  };
}

function describe(memory: Memory): string {
  const names = Object.entries(memory.byName).sort((a, b) => b[1] - a[1]);
  const parts = names.map(([name, bytes]) => `${name} ${(bytes / 1e6).toFixed(1)}`);
  const hidden = memory.hidden > 0 ? `, ${memory.hidden} hidden` : '';
  return `${(memory.bytes / 1e6).toFixed(1)} MB in ${memory.processes} processes${hidden} (${parts.join(', ')})`;
}

function isWanted(work: string): boolean {
  return options.only === undefined || work.includes(options.only);
}

function parseOptions(args: string[]): { json?: string; only?: string; quick: boolean } {
  const parsed: { json?: string; only?: string; quick: boolean } = { quick: false };
  for (let word = args.shift(); word !== undefined; word = args.shift()) {
    if (word === '--quick') parsed.quick = true;
    else if (word === '--json') parsed.json = args.shift();
    else if (word === '--only') parsed.only = args.shift();
    else throw new Error(`bench: unknown option "${word}" (--json FILE, --only WORD, --quick)`);
  }
  return parsed;
}
