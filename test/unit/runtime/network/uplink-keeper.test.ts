import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WATCH } from '../../../../src/runtime/network/uplink-keeper.ts';

it('a watch whose keeper ended before it had begun ends at once, and kills nobody who has that number now', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skiff-watch-'));
  const other = Bun.spawn(['sleep', '100']);
  try {
    Bun.spawnSync(['mkfifo', join(folder, 'users')]);
    const watch = Bun.spawn(['sh', '-c', WATCH, 'uplink-watch', folder, '0', String(other.pid)], { stdio: ['ignore', 'ignore', 'ignore'] });
    expect(await watch.exited).toBe(0);
    expect(other.killed || other.exitCode !== null).toBe(false);
    expect(other.signalCode).toBe(null);
  } finally {
    other.kill('SIGKILL');
    await other.exited;
    rmSync(folder, { recursive: true, force: true });
  }
});
