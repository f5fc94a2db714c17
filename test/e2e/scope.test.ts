// A systemd user manager that seems to be there but makes no scope (no bus, going down): containers start without one.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

/** The environment in which systemd-run is `script`. */
function withSystemdRun(name: string, script: string): Record<string, string> {
  const folder = join(box.files, name);
  mkdirSync(join(folder, 'systemd/private'), { recursive: true });
  writeFileSync(join(folder, 'systemd-run'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'systemd-run'), 0o755);
  return { XDG_RUNTIME_DIR: folder, PATH: `${folder}:${box.env.PATH}` };
}

const run = ['run', '--rm', '--network', 'none', busybox, 'echo', 'ran'];

test('one that fails is told of in one line', async () => {
  const env = withSystemdRun('fails', 'echo "Failed to connect to bus: No medium found" >&2; exit 1');
  expect(await box.skiff(run, { env })).toEqual({
    stdout: 'ran\n',
    stderr:
      "skiff: warning: The container runs without a scope of systemd's, which systemd-run could not make: Failed to connect to bus: No medium found\n",
    code: 0,
  });
  expect(await box.ok(['run', '-d', '--rm', '--network', 'none', busybox, 'true'], { env })).toMatch(/^[0-9a-f]{64}$/);
});

test('one that works is not', async () => {
  const env = withSystemdRun('works', 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"');
  expect(await box.skiff(run, { env })).toEqual({ stdout: 'ran\n', stderr: '', code: 0 });
});
