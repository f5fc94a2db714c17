// A container started where there was no login session (cron, su) is the same container to a later session, and the other way round.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

// SKIFF_RUNROOT empty: as unset.
const box = openSandbox({ env: { SKIFF_RUNROOT: '' } });
const busybox = image('busybox');

function session(name: string): Record<string, string> {
  const folder = join(box.run, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { XDG_RUNTIME_DIR: folder };
}

test('what one session started, another sees running, does not start again, and ends', async () => {
  const [one, other] = [{ env: session('one') }, { env: session('other') }];
  await box.ok(['run', '-d', '--name', 'shared', '--network', 'none', busybox, 'sleep', '1000'], one);
  expect(await box.ok(['ps', '--format', '{{.Names}}'], other)).toBe('shared');
  const pid = await box.ok(['inspect', '--format', '{{.State.Pid}}', 'shared'], one);
  await box.ok(['start', 'shared'], other);
  expect(await box.ok(['inspect', '--format', '{{.State.Pid}}', 'shared'], other)).toBe(pid);
  await box.ok(['rm', '-f', 'shared'], other);
  expect(await box.ok(['ps', '-aq'], one)).toBe('');
});
