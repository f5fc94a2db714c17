// What every subject of the benchmark measures with. A subject is a file of subjects/ that exports one function: it asks `isWanted` for
// its rows, lets both engines do the same work in turn (`compare`, or `must` and `add` by hand), and removes what it made.
import type { Told } from './agent.ts';
import type { Engine } from './engines.ts';
import { describe, type Memory, memoryOf } from './memory.ts';
import type { BenchOptions } from './options.ts';
import type { Place } from './place.ts';
import { median, type Row } from './report.ts';
import type { Agent } from './start-agent.ts';

export interface Bench {
  skiff: Engine;
  podman: Engine;
  engines: [Engine, Engine];
  options: BenchOptions;
  /** References in the registry of the tests: of one small layer; of 25,000 files in gzip, and the same in zstd; Debian's. */
  images: { busybox: string; app: string; appZstd: string; debian: string };
  rows: Row[];
  isWanted: (work: string) => boolean;
  add: (row: Row) => void;
  /** Runs commands as the unprivileged user; throws when one fails. */
  must: (engine: Engine, commands: string[][], parallel?: number) => Promise<Told>;
  /** The same, whatever comes of them. */
  ask: (engine: Engine, commands: string[][], parallel?: number) => Promise<Told>;
  /** One row of wall time: medians of `times` rounds, in each of which both engines run their commands. */
  compare: (
    what: { work: string; bar: number; times: number; parallel?: number },
    commandsOf: (engine: Engine) => string[][],
  ) => Promise<void>;
  /** Two rows of what was told of each engine: wall time and CPU, each with its bar. */
  addTimes: (what: { work: string; bar?: number; cpuBar?: number }, samples: Map<Engine, Told[]>) => void;
}

export function makeBench(parts: { place: Place; agent: Agent; options: BenchOptions; images: Bench['images'] }): Bench {
  const { place, agent, options, images } = parts;
  const [skiff, podman] = place.engines;
  const rows: Row[] = [];
  const isWanted = (work: string) => options.only === undefined || work.includes(options.only);
  return { skiff, podman, engines: place.engines, options, images, rows, isWanted, add, must, ask, compare, addTimes };

  function add(row: Row): void {
    rows.push(row);
    const beside =
      row.podman === undefined ? '' : `, podman ${row.podman.toFixed(1)} ${row.unit}, ratio ${(row.skiff / row.podman).toFixed(2)}`;
    console.error(`${row.work}: skiff ${row.skiff.toFixed(row.unit === '×' ? 2 : 1)} ${row.unit}${beside}`);
  }

  function ask(engine: Engine, commands: string[][], parallel = 1): Promise<Told> {
    return agent.ask({ commands, parallel, env: engine.env });
  }

  async function must(engine: Engine, commands: string[][], parallel = 1): Promise<Told> {
    const told = await ask(engine, commands, parallel);
    if (told.failure) throw new Error(told.failure);
    return told;
  }

  async function compare(...[what, commandsOf]: Parameters<Bench['compare']>): Promise<void> {
    if (!isWanted(what.work)) return;
    const walls = new Map<Engine, number[]>(place.engines.map((engine) => [engine, []]));
    for (let round = 0; round < what.times; round++) {
      for (const engine of place.engines) walls.get(engine)?.push((await must(engine, commandsOf(engine), what.parallel)).wallMs);
    }
    const [ours, theirs] = [median(walls.get(skiff) ?? []), median(walls.get(podman) ?? [])];
    add({ work: what.work, unit: 'ms', skiff: ours, podman: theirs, bar: what.bar, samples: what.times });
  }

  function addTimes(...[what, samples]: Parameters<Bench['addTimes']>): void {
    const middle = (engine: Engine, key: 'wallMs' | 'cpuMs') => median((samples.get(engine) ?? []).map((told) => told[key]));
    const common = { unit: 'ms', samples: samples.get(skiff)?.length ?? 0 } as const;
    add({ ...common, work: what.work, skiff: middle(skiff, 'wallMs'), podman: middle(podman, 'wallMs'), bar: what.bar });
    add({ ...common, work: `${what.work}, CPU`, skiff: middle(skiff, 'cpuMs'), podman: middle(podman, 'cpuMs'), bar: what.cpuBar });
  }
}

/** No samples of either engine yet. */
export const noSamples = (bench: Bench): Map<Engine, Told[]> => new Map(bench.engines.map((engine) => [engine, []]));

/** The most memory that an engine's processes have together until `work` is done; told apart on standard error. */
export async function peakUntil(engine: Engine, work: Promise<Told>): Promise<Memory> {
  let isDone = false;
  work.finally(() => {
    isDone = true;
  });
  const before = memoryOf(engine).bytes;
  let peak = memoryOf(engine);
  while (!isDone) {
    const now = memoryOf(engine);
    if (now.bytes > peak.bytes) peak = now;
    await Bun.sleep(25);
  }
  await work;
  console.error(`  ${engine.name}, peak: ${describe(peak)} (${(before / 1e6).toFixed(1)} MB before)`);
  return peak;
}
