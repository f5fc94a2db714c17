// A small machine with systemd, pure cgroup v2 and a real user session (scripts/vm). A test gives it a shell script, which finds `skiff`
// on its PATH and the image in `$BUSYBOX`. System calls are slow there: no test asks how long anything took.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCatalogue } from '../../e2e/support/images/catalogue.ts';
import { writeLayout } from '../../e2e/support/images/layout.ts';

export interface Machine {
  /** Boots, runs `script` as the user, and returns what it printed and its exit code. */
  run: (script: string) => Promise<{ stdout: string; stderr: string; code: number }>;
}

const project = join(__dirname, '../../..');

export interface MachineOptions {
  /** Each `run` boots from the disk that the one before left. */
  keepsDisk?: boolean;
  /** The controllers that the user's manager may hand on, with commas between; default all there are. */
  delegate?: string;
}

/** A machine for a test file. */
export function openMachine(options: MachineOptions = {}): Machine {
  const folder = mkdtempSync(join(tmpdir(), 'skiff-vm-'));
  const state = join(folder, 'state.cow');
  beforeAll(() => prepare(folder));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run: Machine['run'] = async (script) => {
    const copies = ['skiff', 'layout', 'serve-layout.js'].flatMap((name) => ['--copy-in', join(folder, name)]);
    const command = ['bash', join(project, 'scripts/vm/vm-run'), ...(options.keepsDisk ? ['--keep'] : []), ...copies];
    const child = Bun.spawn([...command, '--', 'bash', '-c', preamble + script], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, VM_STATE: state, VM_TIMEOUT: '300', ...(options.delegate ? { VM_DELEGATE: options.delegate } : {}) },
    });
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    if (code !== 0) console.error(stderr);
    return { stdout, stderr, code };
  };
  return { run };
}

// The executable is its own runtime: told so, it runs the registry's script.
const preamble = `
set -eu
[ -x "$HOME/skiff" ] || cp /host/in/skiff "$HOME/skiff" # it may run already
PATH=$HOME:$PATH
BUSYBOX=127.0.0.1:5000/busybox
BUN_BE_BUN=1 skiff /host/in/serve-layout.js /host/in/layout 5000 >/dev/null 2>&1 &
until (exec 3<>/dev/tcp/127.0.0.1/5000) 2>/dev/null; do sleep 0.1; done
`;

async function prepare(folder: string): Promise<void> {
  mkdirSync(join(folder, 'layout'));
  const make = makeCatalogue().busybox;
  if (make) writeLayout(join(folder, 'layout'), make());
  const bundle = ['bun', 'build', '--target=bun', `--outfile=${folder}/serve-layout.js`, join(__dirname, 'serve-layout.ts')];
  for (const command of [bundle, ['cp', join(project, 'dist/skiff'), folder]]) {
    const { exitCode, stderr } = Bun.spawnSync(command, { stderr: 'pipe' });
    if (exitCode !== 0) throw new Error(`"${command[0]}" failed: ${stderr}`);
  }
}
