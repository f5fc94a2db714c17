// Limits hold where the cgroup has their controller; where it has not, the container starts all the same and one line says which do not
// hold, and how to get them. And no cgroup stays, however a container ends.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { pathWithout } from './support/path-without.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { rootOfRange, surrounded } from './support/surrounded.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const limited = `"$SKIFF" run --rm --network none --memory 64m --cpus 1 --pids-limit 30 ${busybox} echo ran`;
const cgroupOf = '"$SKIFF" info --format "{{.CgroupDriver}} {{.Rootless.Cgroup.Reason}}" 2>/dev/null';

test('where no cgroup is mounted one line names the limits that do not hold and how to get them, and a container without limits gets none', async () => {
  const hide = 'mount -t tmpfs tmpfs /sys/fs/cgroup';
  const { stdout, stderr } = await surrounded(box, `${hide}; ${cgroupOf}; ${limited}`, { by: rootOfRange });
  const [place = '', ran] = stdout.trim().split('\n');
  expect(place).toBe('none no cgroup v2 is mounted');
  expect(ran).toBe('ran');
  expect(stderr).toMatch(
    /^skiff: warning: --memory, --cpus and --pids-limit are not enforced: no cgroup v2 is mounted; to get them[:,] .+\n$/,
  );
  const plain = `"$SKIFF" run --rm --network none ${busybox} echo ran`;
  expect(await surrounded(box, `${hide}; ${plain}`, { by: rootOfRange })).toEqual({ stdout: 'ran\n', stderr: '', code: 0 });
});

test('on a host with both versions of cgroups mounted containers run, and exec joins them', async () => {
  const both = [
    'mkdir kept && mount --rbind /sys/fs/cgroup kept && mount -t tmpfs tmpfs /sys/fs/cgroup',
    'mkdir /sys/fs/cgroup/unified /sys/fs/cgroup/memory && mount --rbind kept /sys/fs/cgroup/unified',
  ].join(' && ');
  const life = [
    `"$SKIFF" run -d --name hybrid --network none ${busybox} sleep 1000 >/dev/null`,
    '"$SKIFF" exec hybrid echo joined',
    '"$SKIFF" rm -f hybrid',
  ].join(' && ');
  const { stdout, code } = await surrounded(box, `${both} && ${cgroupOf}; ${limited} 2>/dev/null; ${life}`, { by: rootOfRange });
  expect({ stdout, code }).toEqual({ stdout: expect.stringMatching(/^\S+ .+\nran\njoined\nhybrid\n$/), code: 0 });
});

describe('no cgroup stays', () => {
  const cgroups = (): string[] => {
    const own = /^0::(.*)$/m.exec(Bun.spawnSync(['cat', '/proc/self/cgroup']).stdout.toString())?.[1] ?? '/';
    return [...found(join('/sys/fs/cgroup', own, '..')), ...found(join('/sys/fs/cgroup', own))];
  };
  const found = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('skiff-')) : []);
  const cgroupsOf = async (name: string): Promise<string[]> => {
    const id = await box.ok(['inspect', '--format', '{{.Id}}', name]);
    return cgroups().filter((folder) => folder.includes(id.slice(0, 12)));
  };
  const start = (name: string) => box.ok(['run', '-d', '--network', 'none', '--name', name, busybox, 'sleep', '100000']);

  test('after a stop, or a kill -9 of the supervisor and rm', async () => {
    await start('counted');
    // Elsewhere than in a tree of ours (systemd's scope, no cgroup at all) there is nothing to see here.
    const isOurs = (await box.ok(['info', '--format', '{{.CgroupDriver}}'])) === 'cgroupfs';
    expect(await cgroupsOf('counted')).toHaveLength(isOurs ? 1 : 0);
    await box.ok(['stop', '-t', '0', 'counted']);
    expect(await cgroupsOf('counted')).toEqual([]);
    await box.ok(['start', 'counted']);
    const id = await box.ok(['inspect', '--format', '{{.Id}}', 'counted']);
    Bun.spawnSync(['pkill', '-KILL', '-f', `__supervise ${id}`]);
    await box.ok(['rm', '-f', 'counted']);
    expect(cgroups().filter((folder) => folder.includes(id.slice(0, 12)))).toEqual([]);
  });

  test('after rm of one whose supervisor was killed before it had written where its cgroup is', async () => {
    await start('early');
    const [cgroup] = await cgroupsOf('early');
    const id = await box.ok(['inspect', '--format', '{{.Id}}', 'early']);
    Bun.spawnSync(['pkill', '-KILL', '-f', `__supervise ${id}`]);
    await eventually('it has ended', async () => (await box.ok(['ps', '-q'])) === '');
    rmSync(join(box.root, 'containers', id, 'state.json'));
    await box.ok(['rm', 'early']);
    expect(cgroups().filter((folder) => folder === cgroup)).toEqual([]);
  });

  test('after a start that failed', async () => {
    const path = pathWithout('pasta', box.files);
    const { code } = await box.skiff(['run', '--name', 'failed', busybox, 'true'], { env: { PATH: path } });
    expect(code).toBe(125);
    expect(await cgroupsOf('failed')).toEqual([]);
    const { code: notFound } = await box.skiff(['run', '--network', 'none', '--name', 'nothing', busybox, 'no-such-program']);
    expect(notFound).toBe(127);
    expect(await cgroupsOf('nothing')).toEqual([]);
    await box.ok(['rm', 'failed', 'nothing']);
  });
});
