// A container in the pause before its next restart: what can be done with it, and in which words the rest is refused.
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const status = (name: string) => box.ok(['inspect', '--format', '{{.State.Status}} {{.RestartCount}}', name]);

/** Resolves in a pause that is long enough to look at it: they double with every restart, from 100 ms. */
const inLongPause = (name: string) =>
  eventually(`${name} is in a pause of seconds`, async () => /^restarting ([6-9]|\d\d)/.test(await status(name)));

test('attach and exec say that it is restarting, and kill ends the loop', async () => {
  const id = await box.ok(['run', '-d', '--network', 'none', '--restart', 'always', '--name', 'loops', busybox, 'sh', '-c', 'exit 3']);
  await inLongPause('loops');
  expect(await box.skiff(['attach', 'loops'])).toEqual({
    stdout: '',
    stderr: 'skiff: You cannot attach to a restarting container, wait until it is running\n',
    code: 1,
  });
  expect(await box.skiff(['exec', 'loops', 'true'])).toEqual({
    stdout: '',
    stderr: `skiff: Container ${id} is restarting, wait until the container is running\n`,
    code: 1,
  });
  expect(await box.ok(['kill', 'loops'])).toBe('loops');
  expect(await box.ok(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'loops'])).toBe('exited 3');
  await box.ok(['rm', 'loops']);
});
