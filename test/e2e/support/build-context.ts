// A folder to build, written from what it holds, and what building it says.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Sandbox } from './sandbox.ts';

/** Writes the files below the sandbox's folder and returns the context's path. A value may say its mode. */
export function contextOf(box: Sandbox, name: string, files: Record<string, string | { text: string; mode: number }>): string {
  const folder = join(box.files, name);
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    const { text, mode } = typeof content === 'string' ? { text: content, mode: 0o644 } : content;
    writeFileSync(target, text);
    chmodSync(target, mode);
  }
  return folder;
}
