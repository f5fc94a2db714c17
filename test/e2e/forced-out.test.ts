// Leaving a command that waits for a program which does not listen.
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

test('the third SIGINT or SIGTERM ends run, and the container goes on', async () => {
  const script = 'trap "echo int" INT; trap "echo term" TERM; echo ready; while :; do sleep 0.1; done';
  const front = box.start(['run', '--network', 'none', '--name', 'deaf', busybox, 'sh', '-c', script]);
  const logged = (text: string) => eventually(`"${text}" in the log`, async () => (await box.skiff(['logs', 'deaf'])).stdout === text);
  await logged('ready\n');
  front.kill('SIGINT');
  await logged('ready\nint\n');
  front.kill('SIGTERM');
  await logged('ready\nint\nterm\n');
  front.kill('SIGINT');
  expect(await front.exited).toBe(1);
  expect(await new Response(front.stderr).text()).toBe(
    'skiff: got 3 SIGTERM/SIGINTs, forcefully exiting\nThe container is left as it is: see "skiff ps"\n',
  );
  expect(await box.ok(['ps', '--format', '{{.Names}}'])).toBe('deaf');
  await box.ok(['rm', '-f', 'deaf']);
});
