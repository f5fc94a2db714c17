// Makes dist/skiff, one executable file. `--splitting` is what keeps start-up short: without it Bun puts every dynamic import into one
// module and hoists the imports of node:net, node:http and the like to its top, so that even `--version` pays for them. Measured on a
// program with a heavy lazy import (oclif, zod, tar, execa): 36 ms of CPU for `--version` in one module, 7 ms split; a bare start is 8 ms.
// Without the two autoload switches the finished file would run a `bunfig.toml` preload of whatever folder the user stands in.
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { childEnv } from '../src/sys/child-env.ts';

const root = join(import.meta.dir, '..');
const target = join(root, 'dist/skiff');
const temporary = join(root, `dist/.skiff.${process.pid}`);

mkdirSync(join(root, 'dist'), { recursive: true });
run([process.execPath, 'scripts/generate.ts']);
try {
  run([
    process.execPath,
    'build',
    'src/main.ts',
    // A thread's entry is looked up by its path in the executable.
    'src/runtime/network/resolver/worker.ts',
    ...['--compile', '--minify', '--bytecode', '--format=esm', '--splitting', '--target=bun'],
    ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
    // Most commands are over before compiled code pays: 30 of 115 ms of CPU of a `ps -a` of 1,000. The worker sets it back.
    '--compile-jit-policy=20',
    `--define=SKIFF_COMMIT=${JSON.stringify(gitCommit())}`,
    `--outfile=${temporary}`,
  ]);
  renameSync(temporary, target);
} finally {
  rmSync(temporary, { force: true });
}
console.log(`dist/skiff: ${(statSync(target).size / 1e6).toFixed(1)} MB`);

function run(command: string[]): void {
  const { exitCode } = Bun.spawnSync(command, { cwd: root, env: childEnv(process.env), stdout: 'inherit', stderr: 'inherit' });
  if (exitCode !== 0) process.exit(exitCode);
}

function gitCommit(): string {
  const result = Bun.spawnSync(['git', '-C', root, 'rev-parse', '--short', 'HEAD'], { stderr: 'ignore' });
  return result.exitCode === 0 ? result.stdout.toString().trim() : 'unknown';
}
