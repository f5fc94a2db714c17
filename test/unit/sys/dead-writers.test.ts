import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sweepDeadWriters } from '../../../src/sys/dead-writers.ts';

const DEAD = 4_194_304; // above the largest pid there is

test('what dead writers left goes, file or folder; what lives, is somebody else’s or has another name stays', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skiff-dead-'));
  try {
    const gone = [`.a.tmp-${DEAD}`, `.a.tmp-${DEAD}-k3j4`];
    const kept = [`.a.tmp-${process.pid}`, `.b.tmp-${DEAD}`, `.a.tmp-${DEAD}.tar`, '.a.tmp-', 'a'];
    for (const name of [...gone, ...kept]) writeFileSync(join(folder, name), '');
    mkdirSync(join(folder, `.a.tmp-${DEAD}-folder`));
    writeFileSync(join(folder, `.a.tmp-${DEAD}-folder`, 'file'), '');
    sweepDeadWriters(folder, (start) => start === '.a');
    expect(readdirSync(folder).sort()).toEqual(kept.sort());
    sweepDeadWriters(join(folder, 'none'), () => true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
