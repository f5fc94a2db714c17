// --log-driver and --log-opt: files that are rotated and compressed, what lines carry, journald, none.
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { type FakeJournal, type JournalEntry, openJournal } from './support/journal.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const folderOf = async (name: string): Promise<string> => join(box.root, 'containers', await box.ok(['inspect', '-f', '{{.Id}}', name]));
const logsIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.includes('-json.log'))
    .map((name) => name.replace(/^[0-9a-f]{64}/, 'ID'))
    .toSorted();

describe('json-file', () => {
  test('labels, variables and a tag are written on each line, and shown by --details', async () => {
    const options = ['labels=a,none', 'labels-regex=^com[.]', 'env=E', 'env-regex=^X_', 'tag={{.Name}}/{{.ImageName}}'];
    const flags = options.flatMap((option) => ['--log-opt', option]);
    const chosen = ['-l', 'a=one two', '-l', 'b=hidden', '-l', 'com.x=y', '-e', 'E=v&w', '-e', 'X_1=1', '-e', 'Y=hidden'];
    await box.ok(['run', '--name', 'detailed', ...flags, ...chosen, busybox, 'sh', '-c', 'echo out; echo err >&2']);
    const expected = { E: 'v&w', X_1: '1', a: 'one two', 'com.x': 'y', tag: `detailed/${busybox}` };
    const lines = readFileSync(await box.ok(['inspect', '-f', '{{.LogPath}}', 'detailed']), 'utf8')
      .trim()
      .split('\n');
    for (const line of lines) {
      const entry = JSON.parse(line);
      expect(Object.keys(entry)).toEqual(['log', 'stream', 'attrs', 'time']);
      expect(entry.attrs).toEqual(expected);
    }
    const shown = `E=v%26w,X_1=1,a=one+two,com.x=y,tag=detailed%2F${encodeURIComponent(busybox)}`;
    expect(await box.skiff(['logs', '--details', 'detailed'])).toEqual({ stdout: `${shown} out\n`, stderr: `${shown} err\n`, code: 0 });
    expect(await box.ok(['logs', 'detailed'])).toBe('out');
    expect(JSON.parse(await box.ok(['inspect', '-f', '{{json .HostConfig.LogConfig}}', 'detailed'])).Config.tag).toBe(
      '{{.Name}}/{{.ImageName}}',
    );
  });

  test('max-size and max-file bound it; compressed files are read like others, by --tail and -f too', async () => {
    const options = ['max-size=20k', 'max-file=3', 'compress=true'].flatMap((option) => ['--log-opt', option]);
    const script = 'for r in 1 2 3 4 5 6; do seq $((r*1000)) $((r*1000+299)); sleep 0.3; done';
    await box.ok(['run', '-d', '--name', 'squeezed', ...options, busybox, 'sh', '-c', script]);
    const followed = await box.skiff(['logs', '-f', 'squeezed'], { timeoutMs: 120_000 });
    const all = [1, 2, 3, 4, 5, 6].flatMap((round) => Array.from({ length: 300 }, (_, index) => round * 1000 + index));
    // What was rotated away before the reader came to it is all that may be missing.
    expect(followed.stdout.trim().split('\n').map(Number)).toEqual(all.slice(-followed.stdout.trim().split('\n').length));
    const folder = await folderOf('squeezed');
    expect(logsIn(folder).filter((name) => !name.endsWith('.making')).length).toBe(3);
    expect(logsIn(folder)).toContain('ID-json.log');
    const kept = (await box.ok(['logs', 'squeezed'])).split('\n').map(Number);
    expect(kept).toEqual(all.slice(-kept.length));
    expect((await box.ok(['logs', '--tail', '450', 'squeezed'])).split('\n').map(Number)).toEqual(all.slice(-450));
  });

  test('a log goes on over a restart, and is followed across it', async () => {
    const script = 'echo run; echo x >>/count; [ $(wc -l </count) -ge 3 ]';
    await box.ok(['create', '--name', 'again', '--restart', 'on-failure:5', '--log-opt', 'tag={{.Name}}', busybox, 'sh', '-c', script]);
    await box.ok(['start', 'again']);
    expect(await box.skiff(['logs', '-f', '--details', 'again'])).toEqual({ stdout: 'tag=again run\n'.repeat(3), stderr: '', code: 0 });
  });
});

describe('local', () => {
  test('is read like json-file, keeps twenty megabytes before it rotates, and compresses by itself', async () => {
    const line = 'a line of the driver that compresses by itself, number';
    const script = `BEGIN { for (n = 1; n <= 220000; n++) print "${line} " n }`;
    await box.ok(['run', '-d', '--name', 'local', '--log-driver', 'local', busybox, 'sh', '-c', `awk '${script}'; sleep 1000`]);
    expect(await box.ok(['inspect', '-f', '{{.HostConfig.LogConfig.Type}} {{.LogPath}}', 'local'])).toBe('local ');
    const folder = await folderOf('local');
    await eventually('the first file is compressed', () => logsIn(folder).join() === 'ID-json.log,ID-json.log.1.gz', 60_000);
    await eventually('the last line', async () => (await box.ok(['logs', '--tail', '1', 'local'])) === `${line} 220000`);
    const all = (await box.ok(['logs', 'local'], { timeoutMs: 120_000 })).split('\n');
    expect([all.length, all[0]]).toEqual([220_000, `${line} 1`]);
    await box.ok(['rm', '-f', 'local']);
  });
});

describe('none', () => {
  test('keeps nothing, and logs says so', async () => {
    expect(await box.ok(['run', '--name', 'none', '--log-driver', 'none', busybox, 'echo', 'seen'])).toBe('seen');
    expect(await box.skiff(['logs', 'none'])).toEqual({
      stdout: '',
      stderr: 'skiff: Configured logging driver does not support reading\nThe container was created with --log-driver none\n',
      code: 1,
    });
    expect(logsIn(await folderOf('none'))).toEqual([]);
  });
});

describe('journald', () => {
  let journal: FakeJournal;
  let env: Record<string, string>;

  beforeAll(() => {
    const socket = join(box.files, 'journal');
    journal = openJournal(socket);
    env = { SKIFF_JOURNAL_SOCKET: socket };
  });
  afterAll(() => journal.close());

  test('gets a datagram a line, with the fields of Docker', async () => {
    const flags = ['--log-driver', 'journald', '--log-opt', 'tag={{.Name}}-tag', '--log-opt', 'labels=com.x', '-l', 'com.x=y'];
    await box.ok(['run', '--name', 'journal', ...flags, busybox, 'sh', '-c', 'echo out; sleep 0.2; printf "err\\tor\\nrest" >&2'], { env });
    const id = await box.ok(['inspect', '-f', '{{.Id}}', 'journal']);
    const entries: JournalEntry[] = [];
    await eventually('three lines have come', () => entries.push(...journal.take()) && entries.length >= 3);
    const common = {
      COM_X: 'y',
      CONTAINER_ID: id.slice(0, 12),
      CONTAINER_ID_FULL: id,
      CONTAINER_NAME: 'journal',
      CONTAINER_TAG: 'journal-tag',
      IMAGE_NAME: busybox,
      SYSLOG_IDENTIFIER: 'journal-tag',
    };
    expect(entries).toEqual([
      { ...common, PRIORITY: '6', MESSAGE: 'out' },
      { ...common, PRIORITY: '3', MESSAGE: 'err\tor' },
      { ...common, PRIORITY: '3', MESSAGE: 'rest', CONTAINER_PARTIAL_MESSAGE: 'true' },
    ]);
  });

  test('many lines all come, at the pace of the journal', async () => {
    await box.ok(['run', '-d', '--name', 'chatty', '--log-driver', 'journald', busybox, 'seq', '1', '5000'], { env });
    const seen: number[] = [];
    // The socket holds ten or so: whoever takes them sets the pace.
    for (const until = Date.now() + 60_000; seen.length < 5000 && Date.now() < until; await Bun.sleep(1)) {
      seen.push(...journal.take().map(({ MESSAGE }) => Number(MESSAGE)));
    }
    expect(seen).toEqual(Array.from({ length: 5000 }, (_, index) => index + 1));
    expect(await box.ok(['wait', 'chatty'])).toBe('0');
  });

  test('logs asks journalctl, and says what is missing without it', async () => {
    const programs = join(box.files, 'bin');
    mkdirSync(programs);
    const id = await box.ok(['inspect', '-f', '{{.Id}}', 'journal']);
    const line = (fields: object) => JSON.stringify({ __CURSOR: 'c', __REALTIME_TIMESTAMP: '1700000000123456', ...fields });
    const lines = [
      line({ MESSAGE: 'out', PRIORITY: '6' }),
      line({ MESSAGE: [101, 114, 114, 255], PRIORITY: '3' }),
      line({ MESSAGE: 'rest', PRIORITY: '3', CONTAINER_PARTIAL_MESSAGE: 'true' }),
    ];
    writeFileSync(join(programs, 'journalctl'), `#!/bin/sh\necho "$@" >${box.files}/asked\ncat <<'END'\n${lines.join('\n')}\nEND\n`);
    chmodSync(join(programs, 'journalctl'), 0o755);
    const path = `${programs}:${box.env.PATH}`;
    expect(await box.skiff(['logs', '-t', '--details', '--tail', '7', 'journal'], { env: { PATH: path } })).toEqual({
      stdout: '2023-11-14T22:13:20.123456000Z com.x=y,tag=journal-tag out\n',
      stderr:
        '2023-11-14T22:13:20.123456000Z com.x=y,tag=journal-tag err\ufffd\n2023-11-14T22:13:20.123456000Z com.x=y,tag=journal-tag rest',
      code: 0,
    });
    expect(readFileSync(join(box.files, 'asked'), 'utf8')).toContain(`--lines 7 CONTAINER_ID_FULL=${id}`);
    writeFileSync(join(programs, 'journalctl'), '');
    const without = (box.env.PATH ?? '').split(':').filter((folder) => !hasJournalctl(folder));
    expect(await box.skiff(['logs', 'journal'], { env: { PATH: without.join(':') } })).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('Configured logging driver does not support reading: journalctl is not installed'),
      code: 1,
    });
  });

  test('without a journald the container is refused before it is made', async () => {
    const socket = join(box.files, 'nobody');
    expect(
      await box.skiff(['create', '--name', 'refused', '--log-driver', 'journald', busybox], { env: { SKIFF_JOURNAL_SOCKET: socket } }),
    ).toEqual({
      stdout: '',
      stderr:
        `skiff: Cannot use the log driver "journald": nobody listens at ${socket}\n` +
        'This machine runs no journald: use --log-driver local or json-file\n',
      code: 125,
    });
    expect(await box.ok(['ps', '-aq', '--filter', 'name=refused'])).toBe('');
  });
});

describe('refused', () => {
  test.each([
    [['--log-driver', 'syslog'], "Logger: no log driver named 'syslog' is registered"],
    [['--log-opt', 'colour=red'], "Unknown log opt 'colour' for json-file log driver"],
    [['--log-driver', 'local', '--log-opt', 'tag=x'], "Unknown log opt 'tag' for local log driver"],
    [['--log-driver', 'none', '--log-opt', 'max-size=1m'], "Unknown log opt 'max-size' for none log driver"],
    [['--log-opt', 'max-size=big'], "Invalid value for max-size: invalid size: 'big'"],
    [['--log-opt', 'max-file=0'], 'Max-file cannot be less than 1'],
    [['--log-opt', 'compress=maybe'], "Invalid value for compress: 'maybe'"],
    [['--log-opt', 'tag={{.Colour}}'], 'Invalid log tag: cannot fill in "{{.Colour}}"'],
    [['--log-opt', 'mode=non-blocking'], 'Log mode "non-blocking" is not supported: nothing that a container prints is dropped'],
    [['--log-opt', 'max-buffer-size=1m'], "Logger: max-buffer-size option is only supported with 'mode=non-blocking'"],
  ])('%j', async (flags, sentence) => {
    const { stdout, stderr, code } = await box.skiff(['create', '--name', 'refused', ...flags, busybox]);
    expect({ stdout, line: stderr.split('\n')[0], code }).toEqual({ stdout: '', line: `skiff: ${sentence}`, code: 125 });
    expect(await box.ok(['ps', '-aq', '--filter', 'name=refused'])).toBe('');
  });

  test.each([
    [['--tail', 'some'], 'Invalid value "some" for --tail: it must be a number or "all"'],
    [['--since', 'yesterday'], /since/],
  ])('logs %j', async (flags, sentence) => {
    const { stderr, code } = await box.skiff(['logs', ...flags, 'none']);
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
  });
});

function hasJournalctl(folder: string): boolean {
  try {
    return readdirSync(folder).includes('journalctl');
  } catch {
    return false;
  }
}
