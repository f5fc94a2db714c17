// enable-boot and disable-boot on machines that have systemd, cron, or neither, played by programs on PATH that write down how they were
// called. (test/vm/reboot.test.ts has the real systemd.)
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { openSandbox, type Result } from './support/sandbox.ts';

const box = openSandbox();
const user = userInfo().username;
let machines = 0;

/** A machine: its tools, a home, and what the tools keep. */
interface Machine {
  skiff: (args: string[], env?: Record<string, string>) => Promise<Result>;
  folder: string;
  /** The calls since the last look. */
  calls: () => string[];
}

function openMachine(tools: Record<string, string>): Machine {
  const folder = join(box.files, `machine-${machines++}`);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const [name, body] of Object.entries(tools)) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\ncd ${folder}\necho "${name} $*" >>calls\n${body}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
  const log = join(folder, 'calls');
  return {
    folder,
    skiff: (args, env = {}) => box.skiff(args, { env: { HOME: folder, PATH: join(folder, 'bin'), ...env } }),
    calls: () => {
      const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
      writeFileSync(log, '');
      return lines;
    },
  };
}

// `linger` holds yes or no; `may-linger` is there where users may set it.
const LOGINCTL = `case "$*" in
show-user*) read state <linger; echo "$state" ;;
*enable-linger*) [ -e may-linger ] || { echo "Could not enable linger: Access denied" >&2; exit 1; }; echo yes >linger ;;
*disable-linger*) echo no >linger ;;
esac`;
const CRONTAB = `case "$*" in
-l) [ -e crontab ] || { echo "no crontab for ${user}" >&2; exit 1; }; while IFS= read -r line; do printf '%s\\n' "$line"; done <crontab ;;
-r) : >removed ;;
-) while IFS= read -r line; do printf '%s\\n' "$line"; done >crontab ;;
esac`;

const systemd = (): Machine => openMachine({ systemctl: '', loginctl: LOGINCTL });
const unitOf = (machine: Machine) => join(machine.folder, '.config/systemd/user');
const restoreUnit = (machine: Machine): string => join(unitOf(machine), 'skiff-restore.service');
// The store's usual place: then the unit has its plain name.
const home = (machine: Machine) => ({ SKIFF_ROOT: join(machine.folder, '.local/share/skiff') });

describe('on a machine with a systemd user manager', () => {
  test('enable-boot writes and enables a user unit; doing it again changes nothing; disable-boot takes it back', async () => {
    const machine = systemd();
    writeFileSync(join(machine.folder, 'linger'), 'yes\n');
    const env = home(machine);
    const said = `Enabled: the systemd user unit ${restoreUnit(machine)} starts containers\nLingering is on: they start with the machine and stay when you log out\n`;
    expect(await machine.skiff(['system', 'enable-boot'], env)).toEqual({ stdout: said, stderr: '', code: 0 });
    expect(machine.calls()).toEqual([
      'systemctl --user show-environment',
      `loginctl show-user ${user} --property=Linger --value`,
      'systemctl --user daemon-reload',
      'systemctl --user enable skiff-restore.service',
    ]);
    const unit = readFileSync(restoreUnit(machine), 'utf8');
    expect(unit).toMatch(/^ExecStart="\/.*\/skiff" "system" "restore"$/m);
    expect(unit).toMatch(/^WantedBy=default.target$/m);
    expect(unit).toContain(`\nEnvironment="SKIFF_ROOT=${env.SKIFF_ROOT}"\n`);
    expect(unit).toContain(`\nEnvironment="SKIFF_RUNROOT=${box.run}"\n`);

    expect((await machine.skiff(['system', 'enable-boot'], env)).stdout).toBe(said);
    expect(readFileSync(restoreUnit(machine), 'utf8')).toBe(unit);

    machine.calls();
    const removed = `Disabled: the systemd user unit ${restoreUnit(machine)} is removed\n`;
    expect(await machine.skiff(['system', 'disable-boot'], env)).toEqual({ stdout: removed, stderr: '', code: 0 });
    expect(machine.calls()).toEqual(['systemctl --user disable skiff-restore.service', 'systemctl --user daemon-reload']);
    expect(existsSync(restoreUnit(machine))).toBe(false);
    expect(await machine.skiff(['system', 'disable-boot'], env)).toEqual({
      stdout: 'The start at boot was not enabled\n',
      stderr: '',
      code: 0,
    });
  });

  test('lingering is turned on where the user may, and off again by disable-boot', async () => {
    const machine = systemd();
    writeFileSync(join(machine.folder, 'linger'), 'no\n');
    writeFileSync(join(machine.folder, 'may-linger'), '');
    const { stdout, stderr } = await machine.skiff(['system', 'enable-boot'], home(machine));
    expect({ last: stdout.split('\n').at(-2), stderr }).toEqual({
      last: 'Lingering was turned on: they start with the machine and stay when you log out',
      stderr: '',
    });
    expect(readFileSync(join(machine.folder, 'linger'), 'utf8')).toBe('yes\n');
    // Enabled twice, it is still known who turned it on.
    await machine.skiff(['system', 'enable-boot'], home(machine));
    const disabled = await machine.skiff(['system', 'disable-boot'], home(machine));
    expect(disabled.stdout.split('\n')[1]).toBe('Lingering was turned off again: containers stop when you log out');
    expect(readFileSync(join(machine.folder, 'linger'), 'utf8')).toBe('no\n');
  });

  test('lingering that the user had is left on', async () => {
    const machine = systemd();
    writeFileSync(join(machine.folder, 'linger'), 'yes\n');
    await machine.skiff(['system', 'enable-boot'], home(machine));
    await machine.skiff(['system', 'disable-boot'], home(machine));
    expect(readFileSync(join(machine.folder, 'linger'), 'utf8')).toBe('yes\n');
  });

  test('where only root may turn lingering on, the command to paste is shown', async () => {
    const machine = systemd();
    writeFileSync(join(machine.folder, 'linger'), 'no\n');
    const { stdout, stderr, code } = await machine.skiff(['system', 'enable-boot'], home(machine));
    expect({ stdout, stderr, code }).toEqual({
      stdout: `Enabled: the systemd user unit ${restoreUnit(machine)} starts containers\n`,
      stderr: `skiff: warning: Lingering is off, so that is when you log in, and they stop when you log out. To start them at boot, run: sudo loginctl enable-linger ${user}\n`,
      code: 0,
    });
  });

  test('a store elsewhere has a unit of its own', async () => {
    const machine = systemd();
    writeFileSync(join(machine.folder, 'linger'), 'yes\n');
    const { stdout } = await machine.skiff(['system', 'enable-boot']);
    expect(stdout).toMatch(/\/skiff-restore-[0-9a-f]{8}\.service starts containers\n/);
  });

  test('a manager that refuses the unit is told of', async () => {
    const refuse = 'case "$*" in *enable*) echo "Failed to enable unit: Unit file is masked" >&2; exit 1 ;; esac';
    const machine = openMachine({ systemctl: refuse.replace('*enable*', '*" enable "*'), loginctl: LOGINCTL });
    writeFileSync(join(machine.folder, 'linger'), 'yes\n');
    const { stderr, code } = await machine.skiff(['system', 'enable-boot'], home(machine));
    expect({ stderr, code }).toEqual({
      stderr: `skiff: Cannot enable the systemd user unit "${restoreUnit(machine)}": Failed to enable unit: Unit file is masked\nSee what systemd says of it: systemctl --user status skiff-restore.service\n`,
      code: 1,
    });
  });
});

describe('on a machine with cron alone', () => {
  const noManager = { systemctl: 'echo "Failed to connect to bus" >&2; exit 1', crontab: CRONTAB };

  test("a line is added before the user's own, once, and taken back byte for byte", async () => {
    const machine = openMachine(noManager);
    const mine = '# my jobs\nPATH=/opt/bin\n\n5 4 * * *  backup 100\\%\n';
    writeFileSync(join(machine.folder, 'crontab'), mine);
    const first = await machine.skiff(['system', 'enable-boot'], home(machine));
    expect({ stdout: first.stdout, code: first.code }).toEqual({
      stdout: 'Enabled: a line of your crontab starts containers at boot (see it with: crontab -l)\n',
      code: 0,
    });
    const enabled = readFileSync(join(machine.folder, 'crontab'), 'utf8');
    expect(enabled.endsWith(`# <<< skiff-restore <<<\n${mine}`)).toBe(true);
    expect(enabled).toMatch(/^@reboot PATH=.* SKIFF_ROOT=.* SKIFF_RUNROOT=.*\/skiff system restore >\/dev\/null$/m);

    machine.calls();
    await machine.skiff(['system', 'enable-boot'], home(machine));
    expect(machine.calls()).toEqual(['systemctl --user show-environment', 'crontab -l']);

    const { stdout, stderr, code } = await machine.skiff(['system', 'disable-boot'], home(machine));
    expect({ stdout, stderr, code }).toEqual({ stdout: 'Disabled: the line in your crontab is removed\n', stderr: '', code: 0 });
    expect(readFileSync(join(machine.folder, 'crontab'), 'utf8')).toBe(mine);
  });

  test('who had no crontab has none afterwards', async () => {
    const machine = openMachine(noManager);
    await machine.skiff(['system', 'enable-boot'], home(machine));
    expect(readFileSync(join(machine.folder, 'crontab'), 'utf8')).toMatch(/^# >>> skiff-restore/);
    expect((await machine.skiff(['system', 'disable-boot'], home(machine))).code).toBe(0);
    expect(existsSync(join(machine.folder, 'removed'))).toBe(true);
  });

  test('a crontab that may not be changed is told of, and nothing is enabled', async () => {
    const refuse = `case "$*" in -l) echo "no crontab for ${user}" >&2 ;; *) echo "You (${user}) are not allowed to use this program" >&2 ;; esac; exit 1`;
    const machine = openMachine({ crontab: refuse });
    const { stdout, stderr, code } = await machine.skiff(['system', 'enable-boot']);
    expect({ stdout, stderr, code }).toEqual({
      stdout: '',
      stderr: `skiff: Cannot change your crontab: You (${user}) are not allowed to use this program\nSee whether you may have one at all: crontab -e\n`,
      code: 1,
    });
  });
});

test('a machine with neither is told what is missing and what to run', async () => {
  const machine = openMachine({});
  const { stdout, stderr, code } = await machine.skiff(['system', 'enable-boot']);
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  expect(stderr).toMatch(
    /^skiff: Cannot enable the start at boot: this machine has neither a systemd user manager nor a crontab\nInstall cron, or have this run as you at boot: \/\S*skiff system restore\n$/,
  );
});

test.each([['enable-boot'], ['disable-boot'], ['restore']])('system %s takes no arguments', async (verb) => {
  const { stderr, code } = await box.skiff(['system', verb, 'x']);
  expect({ first: stderr.split('\n')[0], code }).toEqual({ first: `skiff: 'skiff system ${verb}' accepts no arguments`, code: 1 });
});
