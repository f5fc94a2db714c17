// Rounds of one fault each: a command is set going and killed at a moment that the seed chooses, whole or in part; then what must hold is looked
// at, and the command is repeated.
import { readFileSync } from 'node:fs';
import { type Random, seeded } from '../storm/random.ts';
import { leftProcesses } from '../support/left-processes.ts';
import { groupOf } from './process-group.ts';
import { KEEPER, namedImages, type Stage } from './stage.ts';
import { VERBS, type Verb } from './verbs.ts';

export interface FaultsReport {
  /** Sentences; none is all faults survived. */
  defects: string[];
  /** Verb → how often it was killed before its end, and how often it was done already. */
  verbs: Map<string, { killed: number; done: number }>;
  /** Checks that found a problem, which a repair then put right. */
  repairs: number;
}

const DEADLINE_MS = 120_000;

/** `only`: the name of a verb, for all rounds. */
export async function faults(stage: Stage, { seed, rounds, only }: { seed: number; rounds: number; only?: string }): Promise<FaultsReport> {
  const verbs = VERBS.filter(({ name }) => !only || name === only);
  const random = seeded(seed);
  const report: FaultsReport = { defects: [], verbs: new Map(), repairs: 0 };
  const durations = new Map<Verb, number>();
  for (let round = 1; round <= rounds; round++) {
    const verb = verbs[(round - 1) % verbs.length] as Verb;
    const before = durations.get(verb) ?? (await measure(stage, verb));
    await verb.prepare(stage, round);
    const moment = random.next() * before;
    const victim = random.pick(['all', 'all', 'all', 'front', 'worker'] as const);
    const args = verb.args(stage, round);
    const where = `round ${round}, ${verb.name} with ${victim} killed after ${moment.toFixed(0)} ms`;
    const isKilled = await killed(stage, args, { moment, victim, random, beside: verb.beside?.(stage) ?? [], stdin: verb.stdin?.(stage) });
    const count = report.verbs.get(verb.name) ?? { killed: 0, done: 0 };
    count[isKilled ? 'killed' : 'done']++;
    report.verbs.set(verb.name, count);
    const found = [...(await afterKill(stage, report)), ...(verb.afterKill?.(stage, round) ?? [])];
    const repeatedMs = performance.now();
    const repeated = await stage.box.skiff(args, { timeoutMs: DEADLINE_MS, ...inputOf(stage, verb) });
    if (repeated.code === 0) durations.set(verb, performance.now() - repeatedMs);
    if (repeated.code !== 0 && !verb.isDone?.(repeated)) found.push(`repeated, it ends with ${repeated.code}: ${repeated.stderr}`);
    else found.push(...(await verb.verify(stage, round)));
    report.defects.push(...found.map((sentence) => `${where}: ${sentence}`));
  }
  return report;
}

/** How long the command takes when nobody kills it, ms. */
async function measure(stage: Stage, verb: Verb): Promise<number> {
  await verb.prepare(stage, 0);
  const begin = performance.now();
  await stage.box.ok(verb.args(stage, 0), { timeoutMs: DEADLINE_MS, ...inputOf(stage, verb) });
  const took = performance.now() - begin;
  await verb.verify(stage, 0);
  return took;
}

const inputOf = (stage: Stage, { stdin }: Verb): { stdin?: Uint8Array } =>
  stdin ? { stdin: new Uint8Array(readFileSync(stdin(stage))) } : {};

interface Kill {
  /** Of its life, ms. */
  moment: number;
  victim: 'all' | 'front' | 'worker';
  random: Random;
  beside: string[][];
  stdin: string | undefined;
}

/** Whether it had not ended by then. */
async function killed({ box }: Stage, args: string[], { moment, victim, random, beside, stdin }: Kill): Promise<boolean> {
  // Leader of a group of its own, with everything that it starts.
  const child = box.start(args, { through: ['setsid', ...(beside.length > 0 ? together(beside) : [])] });
  if (stdin !== undefined) feed(child, readFileSync(stdin));
  await Bun.sleep(moment);
  const isAlive = child.exitCode === null && child.signalCode === null;
  const workers = isAlive ? groupOf(child.pid).filter((pid) => pid !== child.pid) : [];
  if (isAlive) {
    if (victim === 'front' && beside.length === 0) child.kill('SIGKILL');
    else if (victim !== 'all' && workers.length > 0) end(random.pick(workers));
    else end(-child.pid);
  }
  await child.exited;
  return isAlive;
}

/** Who is killed reads no more. */
function feed({ stdin }: Bun.Subprocess<'pipe', 'pipe', 'pipe'>, bytes: Uint8Array): void {
  const feeding = async () => {
    await stdin.write(bytes);
    await stdin.end();
  };
  feeding().catch(() => undefined);
}

/** A command that runs what it is given and, at the same time, the same program with other arguments. */
function together(calls: string[][]): string[] {
  const others = calls.map((args) => `"$1" ${args.map((word) => `'${word}'`).join(' ')} &`);
  return ['sh', '-c', `${others.join(' ')} "$@" & wait`, 'sh'];
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** What must hold after every kill, whatever it hit. */
async function afterKill({ box, kept }: Stage, report: FaultsReport): Promise<string[]> {
  const found = await leftProcesses(box);
  const checked = await box.skiff(['system', 'check'], { timeoutMs: DEADLINE_MS });
  if (checked.code !== 0) {
    report.repairs++;
    const repaired = await box.skiff(['system', 'check', '--repair'], { timeoutMs: DEADLINE_MS });
    const again = await box.skiff(['system', 'check'], { timeoutMs: DEADLINE_MS });
    const isWhole = repaired.code === 0 && again.code === 0 && !/cannot|removed/.test(repaired.stdout);
    if (!isWhole) found.push(`system check says: ${checked.stdout}${checked.stderr}repaired: ${repaired.stdout}${repaired.stderr}`);
  }
  const named = await namedImages(box);
  for (const [reference, id] of kept) if (named.get(reference) !== id) found.push(`${reference} is lost`);
  const started = await box.skiff(['start', '-a', KEEPER]);
  if (started.stdout !== 'shared\n') found.push(`the container that was there does not start: ${started.stderr}`);
  return found;
}
