// A user's strict umask is for the files that they make themselves: it must not close a container to its own users.
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox({ within: ['sh', '-c', 'umask 077; exec "$@"', 'sh'] });
const busybox = image('busybox');
const asUser = (...args: string[]) => box.ok(['run', '--rm', '-u', '1000', ...args]);

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

test('under umask 077 a user of the container gets into its root', async () => {
  expect(await asUser(busybox, 'stat', '-c', '%a', '/')).toBe('755');
});

test('under umask 077 a new volume and the folder it is mounted on are open to the container’s users', async () => {
  expect(await asUser('-v', '/new/data', busybox, 'stat', '-c', '%A', '/new/data', '/new/data/..')).toMatch(/^(drwxr-xr-[xt]\n?){2}$/);
});

test('under umask 077 a working directory that has to be made is open to the container’s users', async () => {
  expect(await asUser('-w', '/made/here', busybox, 'stat', '-c', '%a', '/made', '.')).toBe('755\n755');
});
