// What the commands of every day load before they do anything: one heavy module among it costs as much as the whole command. Such modules are
// loaded by those who need them, when they need them (`import()`).
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const HEAVY =
  /^(?:node:(?:crypto|net|tls|https?|tty|stream|zlib|child_process|readline|worker_threads)(?:\/.*)?|execa|zod(?:\/.*)?|ora|smol-toml|ajv.*)$/;
const EVERYWHERE = ['src/main.ts', 'src/cli/front.ts'];
const transpiler = new Bun.Transpiler({ loader: 'ts' });

test.each<[string, string[]]>([
  ...['create', 'exec', 'images', 'inspect', 'logs', 'ps', 'push', 'rm', 'rmi', 'run', 'start', 'stop'].map((name): [string, string[]] => [
    name,
    [...EVERYWHERE, `src/commands/${name}.ts`],
  ]),
  ['pull of what is there', [...EVERYWHERE, 'src/commands/pull.ts', 'src/engine/pull-present.ts']],
  ['a worker', ['src/main.ts', 'src/engine/worker.ts']],
  [
    'a build, all of it cached',
    [...EVERYWHERE, 'src/commands/build.ts', 'src/engine/build.ts', 'src/engine/worker.ts', 'src/engine/jobs/build.ts'],
  ],
  ['the supervisor', ['src/main.ts', 'src/runtime/supervisor/main.ts']],
])('%s loads no heavy module', (_, roots) => {
  expect(heavyBelow(roots)).toEqual([]);
});

test('a heavy module is found wherever it is imported', () => {
  expect(heavyBelow(['src/oci/token.ts'])).toContain('src/oci/token.ts imports zod/mini');
});

function heavyBelow(roots: readonly string[]): string[] {
  const seen = new Set(roots);
  const found: string[] = [];
  for (const file of seen) {
    for (const { path, kind } of transpiler.scanImports(readFileSync(file, 'utf8'))) {
      if (kind !== 'import-statement') continue;
      if (path.startsWith('.') && path.endsWith('.ts')) seen.add(join(dirname(file), path));
      if (HEAVY.test(path)) found.push(`${file} imports ${path}`);
    }
  }
  return found;
}
