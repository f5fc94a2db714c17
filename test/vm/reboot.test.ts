// Two boots of one machine: what ran before the first end cannot run after the second start, and everything must say so.
import { openMachine } from './support/machine.ts';

const machine = openMachine({ keepsDisk: true });

test('a reboot turns running containers into exited ones, with their logs, and they start again', async () => {
  const before = await machine.run(`
skiff run -d --name web $BUSYBOX sh -c 'echo before the reboot; exec sleep 1000' >/dev/null
skiff create --name fresh $BUSYBOX true >/dev/null
until skiff logs web | grep -q before; do sleep 0.2; done
sync
skiff ps --format '{{.Names}} {{.State}}'
`);
  expect(before).toMatchObject({ stdout: 'web running\n', code: 0 });

  const after = await machine.run(`
skiff ps -a --format '{{.Names}} {{.State}}' | sort
skiff logs web
skiff start web
skiff inspect --format '{{.State.Running}}' web
skiff rm -f web fresh
skiff ps -aq
skiff system check >/dev/null && echo clean
`);
  expect(after).toMatchObject({ stdout: 'fresh created\nweb exited\nbefore the reboot\nweb\ntrue\nweb\nfresh\nclean\n', code: 0 });
});
