import { join } from 'node:path';

const root = join(__dirname, '../../..');

it('finds the command table and the manifest as fresh as the commands', () => {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, 'scripts/generate.ts', '--check'], { cwd: root });
  expect({ stderr: stderr.toString(), exitCode }).toEqual({ stderr: '', exitCode: 0 });
});
