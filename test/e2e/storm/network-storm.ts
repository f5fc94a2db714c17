// The storm of networks: workers that start, end, connect and disconnect containers of a few networks at random, a killer that ends supervisors, their
// pastas and the namespace holder by SIGKILL. Every few seconds all of them rest, and what is found then has to be the truth: no address twice,
// every name leads to the container that has it, and none to one that is down.
import { appendFileSync } from 'node:fs';
import { holderOf, type Result, type Sandbox } from '../support/sandbox.ts';
import { type Action, defectOf, KILLED_AT_START } from './actions.ts';
import { family } from './processes.ts';
import { type Random, seeded } from './random.ts';

export interface NetworkStormOptions {
  seconds: number;
  workers: number;
  containers: number;
  networks: number;
  seed: number;
  image: string;
  /** Every call, its outcome and every kill, a line each. */
  log: string;
}

export interface NetworkStormReport {
  /** Sentences; none is a storm survived. */
  defects: string[];
  verbs: Map<string, { worked: number; refused: number }>;
  kills: Map<string, number>;
  /** How often all rested and were looked at. */
  looks: number;
  /** How many names were asked for, and how many of them led somewhere. */
  asked: number;
  found: number;
}

const DEADLINE_MS = 90_000;
const ROUND_MS = 5000;
const LOWLY = ['nice', '-n', '5'];
/** Says who it is to whoever asks. */
const PROGRAM = 'hostname >/tmp/index.html; exec httpd -f -p 80 -h /tmp';

const DISTURBED = [
  ...KILLED_AT_START,
  /there is no network namespace for networks/,
  /nsenter: cannot open/,
  /endpoint with name \S+ already exists in network/,
  /is not connected to network/,
  /Cannot connect to network "\S+": ip failed/,
  /Address already in use/,
];

interface Member {
  Name: string;
  IPv4Address: string;
}

export async function networkStorm(box: Sandbox, options: NetworkStormOptions): Promise<NetworkStormReport> {
  const report: NetworkStormReport = { defects: [], verbs: new Map(), kills: new Map(), looks: 0, asked: 0, found: 0 };
  const begin = performance.now();
  const say = (text: string): void => appendFileSync(options.log, `${((performance.now() - begin) / 1000).toFixed(3)} ${text}\n`);
  const names = Array.from({ length: options.containers }, (_, index) => `n-${index}`);
  const networks = Array.from({ length: options.networks }, (_, index) => `net-${index}`);
  const probeOf = (network: string): string => `probe-${network}`;

  const call = async (action: Action): Promise<Result | undefined> => {
    const line = `skiff ${action.args.join(' ')}`;
    say(`> ${line}`);
    try {
      const result = await box.skiff(action.args, { timeoutMs: DEADLINE_MS, through: LOWLY });
      const defect = defectOf(action, result);
      say(`< ${result.code} ${line}: ${result.stderr.trim().replaceAll('\n', ' | ')}${defect ? ` DEFECT: ${defect}` : ''}`);
      if (defect) report.defects.push(`${line}: ${defect}: ${result.stderr}`);
      return result;
    } catch (error) {
      report.defects.push(String(error));
      return undefined;
    }
  };

  const worker = async (random: Random, isOver: () => boolean): Promise<void> => {
    while (!isOver()) {
      const action = nextAction({ random, names, networks, image: options.image });
      const result = await call(action);
      const count = report.verbs.get(action.verb) ?? { worked: 0, refused: 0 };
      if (result?.code === 0) count.worked++;
      else count.refused++;
      report.verbs.set(action.verb, count);
    }
  };

  const killer = async (random: Random, isOver: () => boolean): Promise<void> => {
    const probes = new Set(await probeSupervisors(box, networks.map(probeOf)));
    while (!isOver()) {
      await Bun.sleep(100 + random.below(500));
      const prey = family(box.run).filter(
        ({ pid, parent, name }) => /^(skiff|pasta|passt)/.test(name) && !probes.has(pid) && !probes.has(parent),
      );
      const holder = holderOf(box);
      const isHolder = holder !== undefined && random.chance(0.15);
      const victim = isHolder ? { pid: holder, name: 'holder' } : prey.length > 0 ? random.pick(prey) : undefined;
      if (!victim) continue;
      say(`killer: ${victim.name} ${victim.pid}`);
      try {
        process.kill(victim.pid, 'SIGKILL');
        report.kills.set(victim.name, (report.kills.get(victim.name) ?? 0) + 1);
      } catch {
        // Gone already.
      }
    }
  };

  for (const network of networks) {
    await box.ok(['network', 'create', network]);
    await box.ok(['run', '-d', '--name', probeOf(network), '--network', network, options.image, 'sleep', '100000']);
  }
  const randoms = Array.from({ length: options.workers + 1 }, (_, index) => seeded(options.seed + index));
  while (performance.now() - begin < options.seconds * 1000) {
    const until = performance.now() + ROUND_MS;
    const isOver = (): boolean => performance.now() > until;
    const [own, ...others] = randoms;
    await Promise.all([...others.map((random) => worker(random, isOver)), ...(own ? [killer(own, isOver)] : [])]);
    report.looks++;
    for (const network of networks) await look(box, { network, probe: probeOf(network), names, report, say });
  }
  return report;
}

interface Scene {
  random: Random;
  names: readonly string[];
  networks: readonly string[];
  image: string;
}

function nextAction({ random, names, networks, image }: Scene): Action {
  const name = random.pick(names);
  const network = random.pick(networks);
  const action = (verb: string, ...args: string[]): Action => ({ verb, args, allowed: DISTURBED });
  const choice = random.next();
  if (choice < 0.35) {
    const second = random.pick(networks);
    const both = random.chance(0.4) && second !== network ? ['--network', second] : [];
    const restart = random.chance(0.3) ? ['--restart', 'always'] : [];
    return action(
      'run',
      'run',
      '-d',
      '--name',
      name,
      '--hostname',
      name,
      '--network',
      network,
      ...both,
      ...restart,
      image,
      'sh',
      '-c',
      PROGRAM,
    );
  }
  if (choice < 0.5) return action('rm', 'rm', '-f', name);
  if (choice < 0.6) return action('start', 'start', name);
  if (choice < 0.65) return action('stop', 'stop', '-t', '0', name);
  if (choice < 0.7) return action('restart', 'restart', '-t', '0', name);
  if (choice < 0.87) return action('connect', 'network', 'connect', network, name);
  return action('disconnect', 'network', 'disconnect', network, name);
}

interface Look {
  network: string;
  /** A container on the network that nobody kills. */
  probe: string;
  names: readonly string[];
  report: NetworkStormReport;
  say: (text: string) => void;
}

// Programs may be on their way up or down for a moment: only what stays wrong is wrong.
async function look(box: Sandbox, { network, probe, names, report, say }: Look): Promise<void> {
  let wrong: string[] = [];
  for (const until = performance.now() + 30_000; ; await Bun.sleep(300)) {
    wrong = await compare(box, { network, probe, names, report });
    if (wrong.length === 0 || performance.now() > until) break;
  }
  for (const sentence of wrong) say(`LOOK ${sentence}`);
  report.defects.push(...wrong);
}

async function compare(box: Sandbox, { network, probe, names, report }: Omit<Look, 'say'>): Promise<string[]> {
  const wrong: string[] = [];
  const members: Member[] = Object.values(JSON.parse(await box.ok(['network', 'inspect', '-f', '{{json .Containers}}', network])));
  const running = new Set((await box.ok(['ps', '--format', '{{.Names}}'])).split('\n'));
  const addresses = members.map(({ IPv4Address }) => IPv4Address);
  if (new Set(addresses).size !== addresses.length) wrong.push(`${network}: an address twice: ${addresses.join(' ')}`);
  for (const { Name } of members) if (!running.has(Name)) wrong.push(`${network}: ${Name} is a member, and does not run`);
  const script = `for n in ${names.join(' ')}; do echo "$n $(timeout 3 wget -q -O - http://$n/ 2>&1 | head -n 1)"; done`;
  const answers = (await box.ok(['exec', probe, 'sh', '-c', script], { timeoutMs: DEADLINE_MS })).split('\n');
  const expected = new Set(members.map(({ Name }) => Name));
  for (const line of answers) {
    const [name = '', ...rest] = line.split(' ');
    const said = rest.join(' ');
    report.asked++;
    if (expected.has(name)) {
      report.found++;
      if (said !== name) wrong.push(`${network}: ${name} is there, and asking for it says "${said}"`);
    } else if (!said.includes('bad address')) wrong.push(`${network}: ${name} is not there, and asking for it says "${said}"`);
  }
  return wrong;
}

async function probeSupervisors(box: Sandbox, names: readonly string[]): Promise<number[]> {
  const ids = (await box.ok(['inspect', '-f', '{{.Id}}', ...names])).split('\n');
  return family(box.run).flatMap(({ pid, words }) => (words[1] === '__supervise' && ids.includes(words[2] ?? '') ? [pid] : []));
}
