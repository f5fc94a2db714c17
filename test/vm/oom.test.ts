// A process of a container that the kernel kills for want of memory is noticed while the container runs on, and its next run begins anew.
import { openMachine } from './support/machine.ts';

const machine = openMachine();

test('an OOM kill in a container that lives on is an event, and shows in inspect until the next start', async () => {
  const { stdout, code } = await machine.run(`
skiff run -d --name hungry --memory 32m $BUSYBOX sh -c 'dd if=/dev/zero of=/dev/null bs=128M count=1; exec sleep 1000' >/dev/null
for attempt in $(seq 100); do [ "$(skiff inspect --format '{{.State.OOMKilled}}' hungry)" = true ] && break; sleep 0.2; done
skiff inspect --format '{{.State.Status}} {{.State.OOMKilled}}' hungry
skiff events --since 1h --until 0s --filter container=hungry --filter event=oom --format '{{.Action}}'
skiff kill hungry >/dev/null
skiff inspect --format '{{.State.Status}} {{.State.OOMKilled}}' hungry
skiff rm hungry
skiff run -d --name calm --memory 32m --restart on-failure:1 $BUSYBOX sh -c 'test -e /again && exec sleep 1000; touch /again; dd if=/dev/zero of=/dev/null bs=128M count=1; exit 1' >/dev/null
for attempt in $(seq 100); do [ "$(skiff inspect --format '{{.State.Status}} {{.RestartCount}}' calm)" = 'running 1' ] && break; sleep 0.2; done
skiff inspect --format '{{.State.Status}} {{.State.OOMKilled}}' calm
skiff rm -f calm
`);
  expect({ stdout, code }).toEqual({
    stdout: 'running true\noom\nexited true\nhungry\nrunning false\ncalm\n',
    code: 0,
  });
});
