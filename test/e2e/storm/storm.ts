// The storm: workers that do anything to a few containers at random, a killer that ends supervisors, runtimes and their helpers by
// SIGKILL, and a watcher that lists containers throughout. Every call has a deadline; every outcome is written down and judged.
import { appendFileSync } from 'node:fs';
import type { Result, Sandbox } from '../support/sandbox.ts';
import { type Action, defectOf, nextAction } from './actions.ts';
import { family } from './processes.ts';
import { type Random, seeded } from './random.ts';

export interface StormOptions {
  seconds: number;
  workers: number;
  containers: number;
  seed: number;
  image: string;
  /** Every call, its outcome and every kill, a line each. */
  log: string;
}

export interface StormReport {
  /** Sentences; none is a storm survived. */
  defects: string[];
  /** Of every container that was made. */
  ids: Set<string>;
  calls: number;
  /** Verb → how often it worked and how often it was refused. */
  verbs: Map<string, { worked: number; refused: number }>;
  /** Name → how many were killed. */
  kills: Map<string, number>;
  /** How long each `ps` took, ms, sorted. */
  lists: number[];
}

/** Every call's; a machine with more workers than cores is slow. */
const DEADLINE_MS = 90_000;
/** How workers run: what the watcher measures is what a list waits for, not how few cores the machine has for twenty workers. */
const LOWLY = ['nice', '-n', '5'];
const KILLABLE = /^(skiff|crun|pasta|passt|fuse-overlayfs)/;

export async function storm(box: Sandbox, options: StormOptions): Promise<StormReport> {
  const report: StormReport = { defects: [], ids: new Set(), calls: 0, verbs: new Map(), kills: new Map(), lists: [] };
  const begin = performance.now();
  const isOver = (): boolean => performance.now() - begin > options.seconds * 1000;
  const say = (text: string): void => appendFileSync(options.log, `${((performance.now() - begin) / 1000).toFixed(3)} ${text}\n`);
  const names = Array.from({ length: options.containers }, (_, index) => `storm-${index}`);

  const call = async (who: string, action: Action, through: string[] = []): Promise<Result | undefined> => {
    const line = `skiff ${action.args.join(' ')}`;
    say(`${who} > ${line}`);
    try {
      const result = await box.skiff(action.args, { timeoutMs: DEADLINE_MS, through });
      const defect = defectOf(action, result);
      say(`${who} < ${result.code} ${oneLine(result.stderr)}${defect ? ` DEFECT: ${defect}` : ''}`);
      for (const [id] of result.stdout.matchAll(/^[0-9a-f]{64}$/gm)) report.ids.add(id);
      if (defect) report.defects.push(`${line}: ${defect}: ${oneLine(result.stderr)}`);
      return result;
    } catch (error) {
      say(`${who} < HANG ${String(error)}`);
      report.defects.push(String(error));
      return undefined;
    }
  };

  const worker = async (index: number): Promise<void> => {
    const scene = { random: seeded(options.seed + index), image: options.image, files: box.files, names };
    while (!isOver()) {
      const action = nextAction(scene);
      const result = await call(`worker ${index}`, action, LOWLY);
      const count = report.verbs.get(action.verb) ?? { worked: 0, refused: 0 };
      if (result?.code === 0) count.worked++;
      else count.refused++;
      report.verbs.set(action.verb, count);
      report.calls++;
    }
  };

  const watcher = async (): Promise<void> => {
    while (!isOver()) {
      const before = performance.now();
      const result = await call('watcher', { verb: 'ps', args: ['ps', '-a'] });
      if (result) report.lists.push(performance.now() - before);
      await Bun.sleep(200);
    }
  };

  const killer = async (random: Random): Promise<void> => {
    while (!isOver()) {
      await Bun.sleep(100 + random.below(600));
      const victims = family(box.run).filter(({ name, words }) => KILLABLE.test(name) || words[1] === '__supervise');
      if (victims.length === 0) continue;
      // Supervisors are many and the others rare, so the kind is chosen first.
      const kind = random.pick([...new Set(victims.map(({ name }) => name))].sort());
      const victim = random.pick(victims.filter(({ name }) => name === kind));
      say(`killer: ${victim.pid} ${victim.words.join(' ').slice(0, 120)}`);
      try {
        process.kill(victim.pid, 'SIGKILL');
        report.kills.set(kind, (report.kills.get(kind) ?? 0) + 1);
      } catch {
        // It ended by itself.
      }
    }
  };

  const workers = Array.from({ length: options.workers }, (_, index) => worker(index));
  await Promise.all([...workers, watcher(), killer(seeded(options.seed - 1))]);
  report.lists.sort((left, right) => left - right);
  return report;
}

const oneLine = (text: string): string => text.trim().replaceAll('\n', ' | ');
