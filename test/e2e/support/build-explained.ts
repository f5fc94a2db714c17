// Contexts for tests of builds: folders of a test's own, and what a build says of each step.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Sandbox } from './sandbox.ts';

/** Writes `files` (path → text) below a new folder of the sandbox and returns the folder. */
export function writeContext(box: Sandbox, name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(box.files, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Builds with --explain and returns what it said of each step that it looked up, by the instruction. */
export async function explainedBuild(box: Sandbox, args: readonly string[]): Promise<Record<string, string>> {
  const { stderr, code } = await box.skiff(['build', '--progress', 'plain', '--explain', ...args], { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`skiff build ${args.join(' ')} ended with ${code}\n${stderr}`);
  return explanations(stderr);
}

/** From plain progress: instruction → `HIT`, or why it missed. */
export function explanations(progress: string): Record<string, string> {
  const names = new Map<string, string>();
  const found: Record<string, string> = {};
  for (const line of progress.split('\n')) {
    const [, id = '', rest = ''] = /^#(\d+) (.*)$/.exec(line) ?? [];
    const name = /^\[[^\]]*\] (.*)$/.exec(rest)?.[1];
    if (name !== undefined) names.set(id, name);
    const [, miss] = /^MISS: (.*)$/.exec(rest) ?? [];
    const step = names.get(id);
    if (step !== undefined && (rest === 'HIT' || miss !== undefined)) found[step] = miss ?? 'HIT';
  }
  return found;
}
