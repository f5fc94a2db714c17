// Where a benchmark keeps its things, and as whom it runs: folders that the unprivileged user owns, made before and removed after.
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type Engine, makeEngines } from './engines.ts';

export interface Place {
  /** On the file system under measurement. */
  folder: string;
  engines: [Engine, Engine];
  /** In front of a command line: makes it the unprivileged user's. */
  become: string[];
  /** Both engines' stores and folders, whatever lies in them. */
  remove: () => void;
}

const desktop = join(import.meta.dir, '../desktop');

export function makePlace(folder: string): Place {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? desktopUser() : { name: userInfo().username, uid: process.getuid?.() ?? 0 };
  const runFolder = mkdtempSync(`/run/user/${user.uid}/bench-`);
  const home = join(folder, 'home');
  const binary = join(folder, 'skiff-binary');
  cpSync('dist/skiff', binary);
  const engines = makeEngines({ folder, runFolder, home, user: user.name, binary });
  const made = [home, runFolder];
  for (const engine of engines) made.push(join(folder, engine.name), engine.env.XDG_RUNTIME_DIR ?? '', engine.env.TMPDIR ?? '');
  for (const path of made) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chownSync(path, user.uid, statSync(`/run/user/${user.uid}`).gid);
  }
  if (isRoot) Bun.spawnSync(['chmod', '755', folder]);
  return { folder, engines, become: isRoot ? ['bash', desktop] : [], remove };

  // Layers hold files of sub-ids: root may delete them, a plain user needs their namespace.
  function remove(): void {
    endHolder(runFolder);
    const trees = [...engines.map((engine) => join(folder, engine.name)), home, runFolder];
    if (isRoot) for (const tree of trees) rmSync(tree, { recursive: true, force: true });
    else Bun.spawnSync(['unshare', '--map-auto', '--map-root-user', 'rm', '-rf', ...trees, folder]);
  }
}

function desktopUser(): { name: string; uid: number } {
  const line = Bun.spawnSync(['bash', desktop, 'sh', '-c', 'echo "$USER $(id -u)"']).stdout.toString();
  const [name = '', uid = ''] = line.trim().split(' ');
  return { name, uid: Number(uid) };
}

/** skiff's namespace holder sleeps on by design; here its folders go away below it. */
function endHolder(runFolder: string): void {
  try {
    process.kill(JSON.parse(readFileSync(join(runFolder, 'skiff/skiff/holder.json'), 'utf8')).pid);
  } catch {
    // Nothing was run.
  }
}
