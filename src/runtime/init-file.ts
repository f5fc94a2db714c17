// The program of --init as a file that can be mounted into a container. It lies in the data folder, not the run folder: a bind mount
// keeps the noexec of the file system it comes from, and where layers can run, so can it.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { initElf, sourceSha256 } from './init-elf.generated.ts';

/** Host path of the init program for `architecture` (Go's name); written on first use. Throws ERR_NO_INIT for other machines. */
export function initFile(ctx: Pick<Ctx, 'paths'>, architecture: string): string {
  const encoded = initElf[architecture];
  if (encoded === undefined) {
    throw new EngineError('ERR_NO_INIT', `There is no init program for ${architecture}`, { hint: 'Run without --init', exitCode: 125 });
  }
  const program = Buffer.from(encoded, 'base64');
  const path = join(ctx.paths.data, `init-${architecture}-${sourceSha256.slice(0, 12)}`);
  if (sizeOf(path) !== program.length) writeFileAtomic(path, program, { mode: 0o755 });
  return path;
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return -1;
  }
}
