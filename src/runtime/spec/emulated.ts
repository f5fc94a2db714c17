// Asks the kernel whether it can run a foreign program, by letting it try the program's first bytes: binfmt_misc looks at nothing
// else. Reading /proc/sys/fs/binfmt_misc would not do, for inside a container it is often not mounted while its entries still count.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf } from '../../sys/errors.ts';

/** False when the kernel knows no way to run an ELF program that begins with `head`. An emulator that starts fails at once: the program has no body. */
export function canRun(head: Uint8Array): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'skiff-probe-'));
  try {
    const program = join(folder, 'program');
    writeFileSync(program, head, { mode: 0o700 });
    Bun.spawnSync([program], { stdio: ['ignore', 'ignore', 'ignore'], env: {}, timeout: 2000 });
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ENOEXEC';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
