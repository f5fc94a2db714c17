import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

// The project's own lint configuration, run over small files that break its layers or keep to them.
const root = join(__dirname, '../../..');
const refused: [file: string, source: string, rule: string][] = [
  ['src/sys/a.ts', "import { x } from '../storage/layout.ts';\nx();", 'noRestrictedImports'],
  ['src/sys/b.ts', "import type { X } from '../engine/x.ts';\nexport type Y = X;", 'noRestrictedImports'],
  ['src/storage/c.ts', "export { x } from '../oci/x.ts';", 'noRestrictedImports'],
  ['src/storage/d.ts', "await import('../runtime/x.ts');", 'noRestrictedImports'],
  ['src/oci/e.ts', "import { x } from '../storage/blob.ts';\nx();", 'noRestrictedImports'],
  ['src/runtime/spec/f.ts', "import { x } from '../../oci/x.ts';\nx();", 'noRestrictedImports'],
  ['src/engine/g.ts', "import { x } from '../render/x.ts';\nx();", 'noRestrictedImports'],
  ['src/engine/h.ts', "import { x } from '../cli/command.ts';\nx();", 'noRestrictedImports'],
  ['src/render/i.ts', "import { x } from '../engine/x.ts';\nx();", 'noRestrictedImports'],
  ['src/commands/j.ts', "import { x } from '../runtime/x.ts';\nx();", 'noRestrictedImports'],
  ['src/commands/k.ts', "import { readFileSync } from 'node:fs';\nreadFileSync('x');", 'noRestrictedImports'],
  ['src/engine/l.ts', "import { dlopen } from 'bun:ffi';\ndlopen('x', {});", 'noRestrictedImports'],
  ['src/engine/m.ts', "console.log('x');", 'noConsole'],
  ['src/storage/n.ts', 'process.exit(1);', 'plugin'],
  ['src/runtime/o.ts', "process.stdout.write('x');", 'plugin'],
];
const allowed: [file: string, source: string][] = [
  ['src/sys/y.ts', "import { dlopen } from 'bun:ffi';\ndlopen('x', {});"],
  ['src/oci/y.ts', "import type { X } from '../storage/records.ts';\nexport type Y = X;"],
  ['src/engine/y.ts', "import { x } from '../runtime/x.ts';\nimport { y } from '../storage/layout.ts';\nx(y);"],
  ['src/commands/y.ts', "import { x } from '../engine/x.ts';\nimport { y } from '../render/y.ts';\nx(y);"],
  ['src/cli/y.ts', 'process.exit(1);'],
];

let folder: string;
let found: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-layers-'));
  cpSync(join(root, 'biome.json'), join(folder, 'biome.json'));
  cpSync(join(root, 'scripts/lint'), join(folder, 'scripts/lint'), { recursive: true });
  for (const [file, source] of [...refused, ...allowed]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${source}\n`);
  }
  const command = [
    join(root, 'node_modules/.bin/biome'),
    'lint',
    '--vcs-enabled=false',
    '--reporter=github',
    '--max-diagnostics=none',
    'src',
  ];
  const { stdout } = Bun.spawnSync(command, { cwd: folder });
  found = stdout
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('::error'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const problemsOf = (file: string): string[] =>
  found.filter((line) => line.includes(`file=${join(folder, file)},`)).map((line) => /title=(?:[^,]*\/)?([^,/]+),/.exec(line)?.[1] ?? line);

it.each(refused)('refuses in %s: %s', (file, _, rule) => {
  expect(problemsOf(file)).toEqual([rule]);
});

it.each(allowed)('allows in %s: %s', (file) => {
  expect(problemsOf(file)).toEqual([]);
});
