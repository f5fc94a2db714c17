// What a person in the foreground of a container does, by each way there is to be there: run, start -a and attach. Signals, keys, the size of
// the terminal, and its end.
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { openTerminal } from './support/terminal.ts';

const box = openSandbox();
const busybox = image('busybox');
const binary = process.env.SKIFF_TEST_BINARY ?? join(process.cwd(), 'dist/skiff');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const state = (name: string) => box.ok(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name]);
const remove = (name: string) => box.ok(['rm', '-f', name]);
const logged = (name: string, text: string) =>
  eventually(`"${text}" in the log of ${name}`, async () => (await box.skiff(['logs', name])).stdout.includes(text));

const SIGNALS = ['HUP', 'INT', 'QUIT', 'ABRT', 'USR1', 'USR2', 'ALRM', 'TERM', 'CONT', 'TSTP', 'XCPU', 'WINCH'] as const;
const listening = `for s in ${SIGNALS.join(' ')}; do trap "echo got $s" $s; done; echo ready; until test -e /over; do sleep 0.05; done; exit 7`;

// Who attaches later sees what comes later: such a container says that it is ready again.
const ways: Record<string, (name: string) => Promise<Bun.Subprocess<'pipe', 'pipe', 'pipe'>>> = {
  run: async (name) => {
    const child = box.start(['run', '--name', name, busybox, 'sh', '-c', listening]);
    await logged(name, 'ready');
    return child;
  },
  'start -a': async (name) => {
    await box.ok(['create', '--name', name, busybox, 'sh', '-c', listening]);
    const child = box.start(['start', '-a', name]);
    await logged(name, 'ready');
    return child;
  },
  attach: async (name) => {
    await box.ok(['run', '-d', '--name', name, busybox, 'sh', '-c', listening]);
    await logged(name, 'ready');
    const child = box.start(['attach', name]);
    await eventually('it is attached', async () =>
      (await box.ok(['events', '--since', '10m', '--until', '0s', '--filter', `container=${name}`])).includes('attach'),
    );
    return child;
  },
};

test.each(Object.entries(ways))('%s passes signals on to the container, and ends with its exit code', async (way, begin) => {
  const name = `signals-${way.replace(/\W/g, '')}`;
  const child = await begin(name);
  for (const signal of SIGNALS) {
    // Attached is not yet listening to signals: one that came too early would end the command in place of reaching the container.
    if (way === 'attach' && signal === 'HUP') await eventually('it listens', () => catches(child.pid, 1));
    child.kill(`SIG${signal}`);
    await logged(name, `got ${signal}\n`);
  }
  await box.ok(['exec', name, 'touch', '/over']);
  expect(await child.exited).toBe(7);
  expect(await state(name)).toBe('exited 7');
  await remove(name);
});

/** Whether the process has a handler for signal `number` (proc_pid_status(5), SigCgt). */
async function catches(pid: number, number: number): Promise<boolean> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  const mask = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return (mask & (1n << BigInt(number - 1))) !== 0n;
}

test('start -a -i passes standard input on, to its end', async () => {
  await box.ok(['create', '-i', '--name', 'fed', busybox, 'cat']);
  expect(await box.skiff(['start', '-a', '-i', 'fed'], { stdin: 'one\ntwo\n' })).toEqual({ stdout: 'one\ntwo\n', stderr: '', code: 0 });
  expect(await box.skiff(['start', '-ai', 'fed'], { stdin: 'again\n' })).toEqual({ stdout: 'again\n', stderr: '', code: 0 });
  await remove('fed');
});

test('create -it and start -a -i give a terminal of the right size, and its exit code', async () => {
  await box.ok(['create', '-it', '--name', 'shell', busybox, 'sh']);
  const terminal = box.terminal(['start', '-a', '-i', 'shell'], { columns: 91, rows: 33 });
  await terminal.waitFor(/# /);
  terminal.type('stty size\n');
  await terminal.waitFor(/33 91/);
  terminal.type('exit 6\n');
  expect(await terminal.ended()).toBe(6);
  await remove('shell');
});

test.each([
  ['attach', (name: string) => ['attach', name]],
  ['exec -it', (name: string) => ['exec', '-it', name, 'sh']],
])('%s gives the program the size of the terminal, and tells it at once when that changes', async (_, command) => {
  await box.ok(['run', '-dit', '--name', 'sized', busybox, 'sh']);
  const terminal = box.terminal(command('sized'), { columns: 70, rows: 20 });
  await terminal.waitFor(/# /);
  terminal.type(`exec sh -c 'trap "stty size; echo told" WINCH; echo list""ening; while :; do sleep 0.05; done'\n`);
  await terminal.waitFor(/listening/);
  terminal.resize(123, 45);
  await terminal.waitFor(/45 123\ntold/);
  await remove('sized');
  await terminal.ended();
});

describe('a terminal that goes away', () => {
  test('takes no container with it that was started with -d', async () => {
    const script = '"$1" run -d --name outlives "$2" sleep 1000 && exec sleep 1000';
    const shell = openTerminal(['sh', '-c', script, 'sh', binary, busybox], { cwd: box.files, env: box.env });
    await shell.waitFor(/^[0-9a-f]{64}\n/);
    shell.process.terminal?.close();
    // The kernel hangs its programs up.
    await shell.process.exited;
    expect((await box.skiff(['exec', 'outlives', 'echo', 'there'])).stdout).toBe('there\n');
    expect(await state('outlives')).toBe('running 0');
    await remove('outlives');
  });

  test('leaves the shell of run -it running, and attach comes back to it', async () => {
    const window = box.terminal(['run', '-it', '--name', 'window', busybox, 'sh']);
    await window.waitFor(/# /);
    window.type('remembered=yes; echo no""ted\n');
    await window.waitFor(/noted/);
    window.type('echo "it said $remembered"\n');
    await window.waitFor(/it said yes/);
    window.process.kill('SIGHUP');
    expect(await window.ended()).toBe(129);
    expect(await state('window')).toBe('running 0');
    const again = box.terminal(['attach', 'window']);
    again.type('echo "it says $remembered"\n');
    await again.waitFor(/it says yes/);
    again.type('exit\n');
    await again.ended();
    await remove('window');
  });
});

describe('detach keys', () => {
  test('attach has its own, and what they are is not sent', async () => {
    await box.ok(['run', '-dit', '--name', 'keys', busybox, 'sh']);
    const terminal = box.terminal(['attach', '--detach-keys', 'ctrl-e,e', 'keys']);
    terminal.type('echo fi""rst\n');
    await terminal.waitFor(/first/);
    terminal.type('\x05e');
    expect(await terminal.ended()).toBe(0);
    expect(await state('keys')).toBe('running 0');
    await remove('keys');
  });

  test('keys that are none are refused before anything is started', async () => {
    const { stdout, stderr, code } = await box.skiff(['run', '-d', '--name', 'never', '--detach-keys', 'ctrl-', busybox, 'true']);
    expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
    expect(stderr).toContain('ctrl-');
    expect(await box.ok(['ps', '-aq'])).toBe('');
  });
});
