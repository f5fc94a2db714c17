// How to start another role of this very program: the compiled file itself, or Bun with the entry module in development.
import { fileURLToPath } from 'node:url';

/** The command (program and leading arguments) that runs skiff. */
export function selfCommand(): string[] {
  return isCompiled() ? [process.execPath] : [process.execPath, fileURLToPath(new URL('../main.ts', import.meta.url))];
}

/** Whether this process runs from the single-file executable. */
export function isCompiled(): boolean {
  return import.meta.url.includes('/$bunfs/') || import.meta.url.includes('/~BUN/');
}
