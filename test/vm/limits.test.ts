// What only a systemd user session with delegated controllers can show: limits that hold, and a scope of the container's own.
import { openMachine } from './support/machine.ts';

const machine = openMachine();

// The image is there, and `files` prints files of the cgroup as the container sees them, each on a line.
const files =
  'skiff pull --quiet $BUSYBOX >/dev/null; files() { name=$1; shift; for file; do skiff exec "$name" cat "/sys/fs/cgroup/$file"; done; }\n';

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

test('every limit stands in the cgroup of the container as the kernel counts it, and in inspect as it was asked for', async () => {
  const { stdout, stderr, code } = await machine.run(`${files}
skiff run -d --name limited --memory 64m --memory-swap 96m --memory-reservation 32m --cpu-period 50000 --cpu-quota 20000 -c 512 \\
  --device-read-bps /dev/ubda:1mb --device-write-bps /dev/ubda:2mb --device-read-iops /dev/ubda:300 --device-write-iops /dev/ubda:400 \\
  $BUSYBOX sleep 1000 >/dev/null
files limited memory.max memory.swap.max memory.low cpu.max cpu.weight io.max
skiff inspect --format '{{with .HostConfig}}{{.Memory}} {{.MemorySwap}} {{.MemoryReservation}} {{.CpuPeriod}} {{.CpuQuota}} {{.CpuShares}}{{end}}' limited
skiff inspect --format '{{with .HostConfig}}{{json .BlkioDeviceReadBps}} {{json .BlkioDeviceWriteIOps}}{{end}}' limited
skiff run -d --name open --memory 64m --memory-swap -1 $BUSYBOX sleep 1000 >/dev/null
files open memory.swap.max
`);
  const expected = ['67108864', '33554432', '33554432', '20000 50000', '20', '98:0 rbps=1048576 wbps=2097152 riops=300 wiops=400'];
  const shown = ['67108864 100663296 33554432 50000 20000 512', '[{"Path":"/dev/ubda","Rate":1048576}] [{"Path":"/dev/ubda","Rate":400}]'];
  expect({ stdout: stdout.trim().split('\n'), stderr, code }).toEqual({ stdout: [...expected, ...shown, 'max'], stderr: '', code: 0 });
});

test('what this kernel does not have is named in one line for each cause, and the container runs with the other limits', async () => {
  const { stdout, stderr, code } = await machine.run(`${files}
skiff run -d --name part --memory 64m --cpuset-cpus 0 --blkio-weight 300 $BUSYBOX sleep 1000 >/dev/null
files part memory.max
skiff inspect --format '{{.HostConfig.CpusetCpus}} {{.HostConfig.BlkioWeight}}' part
`);
  expect({ stdout, code }).toEqual({ stdout: '67108864\n0 300\n', code: 0 });
  expect(stderr).toBe(
    'skiff: warning: --cpuset-cpus is not enforced: this kernel has no cgroup controller cpuset\n' +
      'skiff: warning: --blkio-weight is not enforced: this kernel has no io.weight\n',
  );
});

test('update changes a running container at once and for its next start, and what the kernel refuses changes nothing', async () => {
  const { stdout, code } = await machine.run(`${files}
skiff run -d --name web --memory 64m --pids-limit 20 $BUSYBOX sleep 1000 >/dev/null
skiff update --memory 128m --memory-swap 192m --memory-reservation 16m --cpus 0.25 -c 2048 --pids-limit 30 web
files web memory.max memory.swap.max memory.low cpu.max cpu.weight pids.max
skiff restart -t 0 web
files web memory.max memory.swap.max memory.low cpu.max cpu.weight pids.max
skiff update --pids-limit -1 --cpus 0 --memory 0 web
files web memory.max memory.swap.max cpu.max pids.max
skiff pause web >/dev/null; skiff update --pids-limit 9 web; skiff unpause web >/dev/null
files web pids.max
skiff update --memory 32m --memory-swap 16m web 2>&1 | head -1
files web memory.max
skiff update --cpuset-cpus 0 web 2>&1
`);
  const changed = ['134217728', '67108864', '16777216', '25000 100000', '79', '30'];
  expect({ stdout: stdout.trim().split('\n'), code }).toEqual({
    stdout: [
      ...['web', ...changed],
      ...['web', ...changed],
      ...['web', 'max', 'max', 'max 100000', 'max'],
      ...['web', '9'],
      ...['skiff: Minimum memoryswap limit should be larger than memory limit', 'max'],
      ...['skiff: warning: --cpuset-cpus is not enforced: this kernel has no cgroup controller cpuset', 'web'],
    ],
    code: 0,
  });
});

test('an update that meets a start changes the container that comes up, whichever of the two is first', async () => {
  const { stdout, code } = await machine.run(`${files}
for i in 0 1 2 3 4 5 6 7 8 9 10 11; do
  skiff create --name "met$i" --memory 64m $BUSYBOX sleep 1000 >/dev/null
  skiff start "met$i" >/dev/null & sleep "0.$(printf %02d $((i * 3)))"; skiff update --memory 32m --memory-swap 32m "met$i" >/dev/null; wait
  files "met$i" memory.max
done | sort | uniq -c | sed 's/^ *//'
`);
  expect({ stdout, code }).toEqual({ stdout: '12 33554432\n', code: 0 });
});

test('an OOM kill is an event at once in a container that got its memory limit by update', async () => {
  const { stdout, code } = await machine.run(`
skiff run -d --name late $BUSYBOX sh -c 'while ! test -e /go; do sleep 0.1; done; dd if=/dev/zero of=/dev/null bs=128M count=1; sleep 1000' >/dev/null
skiff update --memory 32m --memory-swap 32m late
skiff exec late touch /go
for attempt in $(seq 200); do skiff events --since 10m --until 0s --filter container=late --format '{{.Action}}' | grep oom && break; sleep 0.1; done
skiff inspect --format '{{.State.Status}}' late
`);
  expect({ stdout, code }).toEqual({ stdout: 'late\noom\nrunning\n', code: 0 });
});

test('stats shows the limit, what is used of it, and the tasks there are', async () => {
  const { stdout, code } = await machine.run(`
skiff run -d --name eater --memory 128m $BUSYBOX sh -c 'dd if=/dev/zero of=/dev/shm/eaten bs=1M count=40 2>/dev/null; sleep 1000 & sleep 1000 & wait' >/dev/null
for attempt in $(seq 200); do [ "$(skiff exec eater stat -c %s /dev/shm/eaten 2>/dev/null)" = 41943040 ] && break; sleep 0.1; done
for attempt in $(seq 200); do [ "$(skiff stats --no-stream --format '{{.PIDs}}' eater)" = 3 ] && break; sleep 0.1; done
skiff stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.MemPerc}} {{.PIDs}}' eater
`);
  const [, used, percent] = /^eater ([\d.]+)MiB \/ 128MiB ([\d.]+)% 3\n$/.exec(stdout) ?? [];
  expect({ stdout, code }).toEqual({ stdout: expect.stringMatching(/^eater [\d.]+MiB \/ 128MiB [\d.]+% 3\n$/), code: 0 });
  expect(Number(used)).toBeGreaterThanOrEqual(40);
  expect(Number(used)).toBeLessThan(60);
  expect(Number(percent)).toBeCloseTo((Number(used) / 128) * 100, 1);
});

test('a program that forks more than its limit is refused, and the machine is not', async () => {
  const { stdout, code } = await machine.run(`
skiff run --rm --pids-limit 5 $BUSYBOX sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 2 & done' 2>&1 | grep -o "can't fork" | head -1
`);
  expect({ stdout, code }).toEqual({ stdout: "can't fork\n", code: 0 });
});

test('a container that takes more memory than its limit is killed, and inspect says why', async () => {
  const { stdout, code } = await machine.run(`
skiff run --name greedy --memory 32m $BUSYBOX sh -c 'dd if=/dev/zero of=/dev/null bs=128M count=1' >/dev/null 2>&1 || echo "exit $?"
skiff inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}} {{.State.Status}}' greedy
skiff events --since 10m --until "$(($(date +%s) + 1))" --filter container=greedy --format '{{.Action}}' | grep oom
skiff rm greedy
`);
  expect({ stdout, code }).toEqual({ stdout: 'exit 137\ntrue 137 exited\noom\ngreedy\n', code: 0 });
});

test('a paused container rests until it is let go on', async () => {
  const { stdout, code } = await machine.run(`
skiff run -d --name ticking $BUSYBOX sh -c 'while :; do echo tick; sleep 0.1; done' >/dev/null
until skiff logs ticking | grep -q tick; do sleep 0.1; done
skiff pause ticking
skiff inspect --format '{{.State.Status}}' ticking
before=$(skiff logs ticking | wc -l); sleep 2; [ "$before" = "$(skiff logs ticking | wc -l)" ] && echo rests
skiff unpause ticking
for attempt in $(seq 100); do [ "$(skiff logs ticking | wc -l)" -gt "$before" ] && break; sleep 0.1; done
[ "$(skiff logs ticking | wc -l)" -gt "$before" ] && echo goes on
`);
  expect({ stdout, code }).toEqual({ stdout: 'ticking\npaused\nrests\nticking\ngoes on\n', code: 0 });
});

test('a container goes into the slice that --cgroup-parent names, and a name that is no slice is refused', async () => {
  const { stdout, code } = await machine.run(`
skiff run -d --name sliced --cgroup-parent mine.slice --memory 64m $BUSYBOX sleep 1000 >/dev/null
grep -o '/mine.slice/skiff-' /proc/$(skiff inspect --format '{{.State.Pid}}' sliced)/cgroup
skiff create --cgroup-parent /mine $BUSYBOX true 2>&1 | head -1
`);
  expect({ stdout, code }).toEqual({
    stdout: '/mine.slice/skiff-\nskiff: Cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice": "/mine"\n',
    code: 0,
  });
});

test('info names the cgroup manager and the controllers it can use', async () => {
  const { stdout, code } = await machine.run(`skiff info --format '{{.CgroupVersion}} {{.MemoryLimit}} {{.PidsLimit}}'`);
  expect({ stdout, code }).toEqual({ stdout: '2 true true\n', code: 0 });
});

describe('where systemd hands on no controller for disks', () => {
  const narrow = openMachine({ delegate: 'memory,pids' });

  test('the other limits are named in one line with the drop-in to paste', async () => {
    const { stdout, stderr, code } = await narrow.run(`${files}
skiff run -d --name part --memory 64m --device-read-bps /dev/ubda:1mb --device-read-iops /dev/ubda:100 $BUSYBOX sleep 1000 >/dev/null
files part memory.max
`);
    expect({ stdout, code }).toEqual({ stdout: '67108864\n', code: 0 });
    expect(stderr).toBe(
      'skiff: warning: --device-read-bps and --device-read-iops are not enforced: the cgroup controller io is not delegated to you ' +
        '(a transient scope); to get them: sudo mkdir -p /etc/systemd/system/user@.service.d && ' +
        "printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && " +
        'sudo systemctl daemon-reload, then log out and in again\n',
    );
  });
});
