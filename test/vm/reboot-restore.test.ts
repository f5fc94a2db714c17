// Three boots of one machine with lingering: `enable-boot`, and the reboot brings back what should run; `disable-boot`, and it does not.
import { openMachine } from './support/machine.ts';

const machine = openMachine({ keepsDisk: true });

const SETTLED = `
for attempt in $(seq 300); do case $(systemctl --user is-active skiff-restore.service) in activating) sleep 0.2 ;; *) break ;; esac; done
systemctl --user is-active skiff-restore.service || true
skiff ps --format '{{.Names}}' | sort | xargs echo up:
`;

test('the enabled unit brings back what should run, after an end in order', async () => {
  const before = await machine.run(`
program='trap "echo ended in order; exit 0" TERM; echo began; while :; do sleep 0.2; done'
for policy in always unless-stopped no; do skiff run -d --name "p-$policy" --restart "$policy" $BUSYBOX sh -c "$program" >/dev/null; done
skiff run -d --name stopped --restart unless-stopped $BUSYBOX sh -c "$program" >/dev/null
skiff stop stopped >/dev/null
skiff system enable-boot
skiff system enable-boot | tail -1
systemctl --user is-enabled skiff-restore.service
for name in p-always p-unless-stopped p-no; do until skiff logs "$name" | grep -q began; do sleep 0.2; done; done
`);
  expect(before).toMatchObject({
    stdout:
      'Enabled: the systemd user unit /home/user/.config/systemd/user/skiff-restore.service starts containers\n' +
      'Lingering is on: they start with the machine and stay when you log out\n' +
      'Lingering is on: they start with the machine and stay when you log out\n' +
      'enabled\n',
    code: 0,
  });

  const after = await machine.run(`
${SETTLED}
for name in p-always p-unless-stopped p-no stopped; do echo "$name:" $(skiff logs "$name"); done
skiff inspect --format '{{.State.Status}} {{.State.ExitCode}}' p-no
skiff system restore
skiff system disable-boot
ls .config/systemd/user/default.target.wants 2>/dev/null || true
skiff ps --format '{{.Names}}' | sort | xargs echo still up:
`);
  expect(after).toMatchObject({
    stdout:
      'active\nup: p-always p-unless-stopped\n' +
      'p-always: began ended in order began\np-unless-stopped: began ended in order began\n' +
      'p-no: began ended in order\nstopped: began ended in order\nexited 0\n' +
      'Disabled: the systemd user unit /home/user/.config/systemd/user/skiff-restore.service is removed\n' +
      'still up: p-always p-unless-stopped\n',
    code: 0,
  });

  const disabled = await machine.run(`
${SETTLED}
skiff --restore ps --format '{{.Names}}' | sort | xargs echo asked for:
skiff ps -aq | xargs skiff rm -f >/dev/null
`);
  expect(disabled).toMatchObject({ stdout: 'inactive\nup:\nasked for: p-always p-unless-stopped\n', code: 0 });
});
