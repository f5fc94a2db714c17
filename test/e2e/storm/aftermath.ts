// After the storm: what skiff says of its containers must be what /proc shows, and when all are removed everything must be as before.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import type { Sandbox } from '../support/sandbox.ts';
import { isAlive, supervisors } from './processes.ts';

/** What of each container `inspect` says. */
interface Told {
  Id: string;
  Name: string;
  State: { Status: string; Running: boolean; Paused: boolean; Restarting: boolean; Pid: number };
}

/** Where `ps`, `inspect` and /proc disagree, one sentence each. Containers may still be on their way, so it is looked at again for a while. */
export async function disagreements(box: Sandbox): Promise<string[]> {
  let found: string[] = [];
  await eventually('ps, inspect and /proc agree', async () => {
    found = await compare(box);
    return found.length === 0;
  }).catch(() => undefined);
  return found;
}

async function compare(box: Sandbox): Promise<string[]> {
  const listed = await box.ok(['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}']);
  const rows = listed.split('\n').filter(Boolean);
  const ids = rows.map((row) => row.split(' ')[0] ?? '');
  const told: Told[] = ids.length === 0 ? [] : JSON.parse(await box.ok(['inspect', ...ids]));
  const living = new Map(supervisors(box.run).map(({ pid, words }) => [words[2] ?? '', pid]));
  const wrong: string[] = [];
  for (const { Id, Name, State } of told) {
    const row = `${Id} ${Name.slice(1)} ${State.Status}`;
    if (!rows.includes(row)) wrong.push(`inspect says "${row}", ps does not`);
    const isUp = State.Running || State.Paused || State.Restarting;
    if (isUp !== living.has(Id)) wrong.push(`${Name} is ${State.Status}, its supervisor is ${living.get(Id) ?? 'not there'}`);
    if (isUp && !State.Restarting && !isAlive(State.Pid))
      wrong.push(`${Name} is ${State.Status} with pid ${State.Pid}, which is not there`);
    if (!isUp && State.Pid !== 0) wrong.push(`${Name} is ${State.Status} with pid ${State.Pid}`);
  }
  for (const [id, pid] of living) if (!ids.includes(id)) wrong.push(`supervisor ${pid} of ${id}, which ps does not list`);
  return wrong;
}

/** Every path of the store and the run folder; what layers and blobs hold is not looked into. */
export function inventory(box: Sandbox): Set<string> {
  return new Set([...treeOf(box.root, ''), ...treeOf(box.run, '')]);
}

/** What only a user looks at, or a start makes and the next one uses, is no trace. */
const KEPT =
  /\/(events|seccomp|volumes|images|layers|secrets|names|containers)$|\/(events|seccomp)\/|\/(store\.lock|restored|init-[^/]*|holder\.(json|lock)|locks|locks\/rename)$|\/files\//;

/** What is there now and was not before, and the cgroups of the containers `ids`. */
export function traces(box: Sandbox, before: ReadonlySet<string>, ids: Iterable<string>): string[] {
  const paths = [...inventory(box)].filter((path) => !before.has(path) && !KEPT.test(path));
  return [...paths, ...cgroupsOf(ids)];
}

function treeOf(root: string, below: string): string[] {
  const folder = join(root, below);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const isDeep = entry.isDirectory() && !/\/(fs|blobs|upper|work)$/.test(path);
    return [path, ...(isDeep ? treeOf(root, join(below, entry.name)) : [])];
  });
}

// A container's cgroup bears the first digits of its id, and stands somewhere on the way to our own.
function cgroupsOf(ids: Iterable<string>): string[] {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
  const starts = [...ids].map((id) => `skiff-${id.slice(0, 12)}`);
  const parents = own.split('/').map((_, index, names) => `/sys/fs/cgroup${names.slice(0, index + 1).join('/')}`);
  return parents.flatMap((parent) => {
    const found = namesIn(parent).filter((name) => starts.some((start) => name.startsWith(start)));
    return found.map((name) => join(parent, name));
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
