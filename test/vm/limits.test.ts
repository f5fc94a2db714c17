// What only a systemd user session with delegated controllers can show: limits that hold, and a scope of the container's own.
import { openMachine } from './support/machine.ts';

const machine = openMachine();

test('limits given to run are those of the container, in a scope that ends with it', async () => {
  const { stdout, code } = await machine.run(`
skiff run -d --name limited --memory 64m --cpus 0.5 --pids-limit 20 $BUSYBOX sleep 1000 >/dev/null
skiff exec limited cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max
skiff inspect --format '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}' limited
skiff rm -f limited >/dev/null
scopes() { systemctl --user list-units --type=scope --all --no-legend | grep -c skiff || true; }
for attempt in $(seq 50); do [ "$(scopes)" = 0 ] && break; sleep 0.2; done # systemd clears up after the last process, in its own time
scopes
`);
  expect({ stdout, code }).toEqual({ stdout: '67108864\n50000 100000\n20\n67108864 500000000 20\n0\n', code: 0 });
});

test('a container that takes more memory than its limit is killed, and inspect says why', async () => {
  const { stdout, code } = await machine.run(`
skiff run --name greedy --memory 32m $BUSYBOX sh -c 'dd if=/dev/zero of=/dev/null bs=128M count=1' >/dev/null 2>&1 || echo "exit $?"
skiff inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}} {{.State.Status}}' greedy
skiff rm greedy
`);
  expect({ stdout, code }).toEqual({ stdout: 'exit 137\ntrue 137 exited\ngreedy\n', code: 0 });
});

test('info names the cgroup manager and the controllers it can use', async () => {
  const { stdout, code } = await machine.run(`skiff info --format '{{.CgroupVersion}} {{.MemoryLimit}} {{.PidsLimit}}'`);
  expect({ stdout, code }).toEqual({ stdout: '2 true true\n', code: 0 });
});
