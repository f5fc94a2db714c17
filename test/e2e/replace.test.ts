// --replace, --tz, and the files that --env-file and --label-file name.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

describe('--replace', () => {
  test('takes the place of a running container, its published port too', async () => {
    const old = await box.ok(['run', '-d', '--name', 'web', '-p', '127.0.0.1:0:80', busybox, 'sleep', '1000']);
    const port = (await box.ok(['port', 'web', '80'])).split(':').at(-1);
    const fresh = await box.ok(['run', '-d', '--replace', '--name', 'web', '-p', `127.0.0.1:${port}:80`, busybox, 'sleep', '1000']);
    expect(fresh).not.toBe(old);
    expect(await box.ok(['inspect', '-f', '{{.Id}} {{.State.Status}}', 'web'])).toBe(`${fresh} running`);
    expect(await box.ok(['ps', '-aq', '--no-trunc'])).toBe(fresh);
  });

  test('leaves the old one alone when the new one is refused', async () => {
    const old = await box.ok(['inspect', '-f', '{{.Id}}', 'web']);
    const refused = [
      ['-v', '/nowhere/x:/x'],
      ['--secret', 'nobody'],
      ['--tz', 'No/Where'],
      ['--memory', '1k'],
      ['--volumes-from', 'nobody'],
    ];
    for (const flags of refused) {
      expect((await box.skiff(['run', '-d', '--replace', '--name', 'web', ...flags, busybox, 'true'])).code).toBe(125);
    }
    expect(await box.ok(['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.State}}'])).toBe(`${old} running`);
    await box.ok(['rm', '-f', 'web']);
  });

  test('a stopped one too, and a name that is free', async () => {
    await box.ok(['create', '--replace', '--name', 'idle', busybox, 'true']);
    await box.ok(['create', '--replace', '--name', 'idle', busybox, 'echo', 'new']);
    expect(await box.ok(['start', '-a', 'idle'])).toBe('new');
    await box.ok(['rm', 'idle']);
  });

  test('several at once: each takes the place of the one before it, and one is left', async () => {
    const create = () => box.skiff(['create', '--replace', '--name', 'wanted', busybox, 'true']);
    const created = await Promise.all(Array.from({ length: 8 }, create));
    expect(created.map(({ code, stderr }) => ({ code, stderr }))).toEqual(created.map(() => ({ code: 0, stderr: '' })));
    const left = await box.ok(['ps', '-aq', '--no-trunc']);
    expect(created.map(({ stdout }) => stdout.trim())).toContain(left);
    await box.ok(['rm', 'wanted']);
  });

  test('needs a name', async () => {
    expect(await box.skiff(['create', '--replace', busybox])).toEqual({
      stdout: '',
      stderr: 'skiff: Cannot replace a container without --name being set\nSay which one: --name NAME\n',
      code: 125,
    });
  });
});

describe('--tz', () => {
  test('sets the zone by the rules of the host', async () => {
    const at = ['date', '-d', '@1700000000', '+%H:%M %Z'];
    expect(await box.ok(['run', '--rm', '--tz', 'Asia/Tokyo', busybox, ...at])).toBe('07:13 JST');
    expect(await box.ok(['run', '--rm', '--tz', 'local', busybox, ...at])).toBe(localTime(1_700_000_000));
    expect(await box.ok(['run', '--rm', busybox, ...at])).toBe('22:13 UTC');
  });

  test.each(['No/Where', '../../../etc/passwd', 'zone.tab', '/etc/localtime'])('"%s" is no zone', async (zone) => {
    expect(await box.skiff(['create', '--tz', zone, busybox])).toEqual({
      stdout: '',
      stderr:
        `skiff: Unknown time zone "${zone}": neither the host nor the image has rules for it\n` +
        'Use a name such as Europe/Berlin, or local for the zone of the host\n',
      code: 125,
    });
  });
});

describe('files of variables and labels', () => {
  test('comments, blanks, a byte order mark, carriage returns, values of the caller', async () => {
    writeFileSync(
      join(box.files, 'env'),
      '\uFEFFFIRST=1\r\n# comment\n\n   \n  INDENTED= kept blanks \nQUOTED="as is"\nEMPTY=\nFROM_CALLER\nUNSET_AT_CALLER\nHASH=a # b\nEQUALS=a=b\n',
    );
    const shown = await box.ok(['run', '--rm', '--env-file', 'env', '-e', 'FIRST=2', busybox, 'env'], { env: { FROM_CALLER: 'called' } });
    const lines = shown.split('\n').filter((line) => !/^(PATH|HOSTNAME|HOME)=/.test(line));
    expect(lines.toSorted()).toEqual(
      ['EMPTY=', 'EQUALS=a=b', 'FIRST=2', 'FROM_CALLER=called', 'HASH=a # b', 'INDENTED= kept blanks ', 'QUOTED="as is"'].toSorted(),
    );
  });

  test('labels take no values of the caller', async () => {
    writeFileSync(join(box.files, 'labels'), '# comment\na=1\nPATH\n b=2 \n');
    await box.ok(['create', '--name', 'labelled', '--label-file', 'labels', '-l', 'a=3', busybox]);
    const labels = JSON.parse(await box.ok(['inspect', '-f', '{{json .Config.Labels}}', 'labelled']));
    expect(labels).toMatchObject({ a: '3', PATH: '', b: '2 ' });
    await box.ok(['rm', 'labelled']);
  });

  test.each([
    ['--env-file', 'two words=1\n', "Invalid env file (%): variable 'two words' contains whitespaces"],
    ['--env-file', 'A=1\n=2\n', "Invalid env file (%): no variable name on line '=2'"],
    ['--label-file', 'trailing =1\n', "Invalid label file (%): variable 'trailing ' contains whitespaces"],
  ])('%s with %j is refused', async (flag, text, sentence) => {
    const path = join(box.files, 'bad');
    writeFileSync(path, text);
    const { stderr, code } = await box.skiff(['create', flag, path, busybox]);
    expect({ line: stderr.split('\n')[0], code }).toEqual({ line: `skiff: ${sentence.replace('%', path)}`, code: 125 });
  });

  test('bytes that are no UTF-8, and a file that is not there', async () => {
    writeFileSync(join(box.files, 'latin'), Buffer.from('A=\xe9\n', 'latin1'));
    expect((await box.skiff(['create', '--env-file', 'latin', busybox])).stderr).toContain('invalid utf8 bytes');
    expect((await box.skiff(['create', '--env-file', 'missing', busybox])).stderr).toContain('no such file or directory');
  });
});

function localTime(seconds: number): string {
  return Bun.spawnSync(['date', '-d', `@${seconds}`, '+%H:%M %Z'])
    .stdout.toString()
    .trim();
}
