// `secret` and `run --secret`: what a container may know and nobody else is to see.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const run = (...args: string[]) => box.ok(['run', '--rm', ...args]);
const HIDDEN = 'correct horse battery staple';

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  writeFileSync(join(box.files, 'file'), 'from a file\n');
});

describe('the store', () => {
  test('create from input, a file and a variable; ls; inspect; rm', async () => {
    const ids = [
      await box.ok(['secret', 'create', 'one', '-'], { stdin: HIDDEN }),
      await box.ok(['secret', 'create', '--label', 'a=1', '-l', 'b', 'two', 'file']),
      await box.ok(['secret', 'create', '--env', 'three', 'HELD'], { env: { HELD: 'held' } }),
    ];
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{25}$/);
    expect((await box.ok(['secret', 'ls'])).split('\n')[0]).toMatch(/^ID +NAME +DRIVER +CREATED +UPDATED$/);
    expect(await box.ok(['secret', 'ls', '--format', '{{.ID}} {{.Name}} {{.Labels}}'])).toBe(
      `${ids[0]} one \n${ids[2]} three \n${ids[1]} two a=1,b=`,
    );
    expect(await box.ok(['secret', 'ls', '-q', '--filter', 'label=a'])).toBe(ids[1]);
    expect(await box.ok(['secret', 'ls', '-q', '--filter', 'name=^t', '--filter', `id=${ids[2]?.slice(0, 8)}`])).toBe(ids[2]);
    const [shown] = JSON.parse(await box.ok(['secret', 'inspect', 'two']));
    expect(shown).toEqual({
      ID: ids[1],
      CreatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      UpdatedAt: shown.CreatedAt,
      Spec: { Name: 'two', Driver: { Name: 'file', Options: {} }, Labels: { a: '1', b: '' } },
    });
    expect(await box.ok(['secret', 'inspect', '--showsecret', '-f', '{{.SecretData}}', 'one'])).toBe(HIDDEN);
    expect(await box.ok(['secret', 'rm', 'one', (ids[1] ?? '').slice(0, 12)])).toBe(`${ids[0]}\n${ids[1]}`);
    expect(await box.ok(['secret', 'rm', '--all'])).toBe(ids[2]);
    expect(readdirSync(join(box.root, 'secrets'))).toEqual([]);
  });

  test('is for the user alone', async () => {
    const id = await box.ok(['secret', 'create', 'private', 'file']);
    const folder = join(box.root, 'secrets', id);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of ['data', 'secret.json']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    await box.ok(['secret', 'rm', 'private']);
  });

  test('a taken name is refused unless it is replaced; events tell', async () => {
    const old = await box.ok(['secret', 'create', 'twice', 'file']);
    const again = await box.skiff(['secret', 'create', 'twice', '-'], { stdin: 'new' });
    expect({ line: again.stderr.split('\n')[0], code: again.code }).toEqual({
      line: 'skiff: Secret "twice" exists already: secret name in use',
      code: 1,
    });
    const fresh = await box.ok(['secret', 'create', '--replace', 'twice', '-'], { stdin: 'new' });
    expect(fresh).not.toBe(old);
    expect(await box.ok(['secret', 'inspect', '--showsecret', '-f', '{{.ID}} {{.SecretData}}', 'twice'])).toBe(`${fresh} new`);
    const events = await box.ok([
      'events',
      '--since',
      '1h',
      '--until',
      '0s',
      '--filter',
      'type=secret',
      '--format',
      '{{.Action}} {{.Actor.ID}}',
    ]);
    expect(events.split('\n').filter((line) => line.endsWith(old) || line.endsWith(fresh))).toEqual([
      `create ${old}`,
      `remove ${old}`,
      `create ${fresh}`,
    ]);
  });

  test('512 KB is too much, nothing is too little', async () => {
    expect(await box.ok(['secret', 'create', 'large', '-'], { stdin: 'x'.repeat(511_999) })).toMatch(/^[0-9a-f]{25}$/);
    for (const [name, stdin] of [
      ['larger', 'x'.repeat(512_000)],
      ['empty', ''],
    ] as const) {
      const { stderr, code } = await box.skiff(['secret', 'create', name, '-'], { stdin });
      expect({ line: stderr.split('\n')[0], code }).toEqual({
        line: 'skiff: Secret data must be larger than 0 and less than 512000 bytes',
        code: 1,
      });
    }
    expect(await run('--secret', 'large', busybox, 'stat', '-c', '%s', '/run/secrets/large')).toBe('511999');
  });

  test.each([
    [
      ['create', 'a/b', 'file'],
      "Invalid secret name \"a/b\": it can not include '=', '/', ',', or control characters and must have 1 to 253 characters",
    ],
    [
      ['create', 'a=b', 'file'],
      "Invalid secret name \"a=b\": it can not include '=', '/', ',', or control characters and must have 1 to 253 characters",
    ],
    [
      ['create', '..', 'file'],
      "Invalid secret name \"..\": it can not include '=', '/', ',', or control characters and must have 1 to 253 characters",
    ],
    [['create', 'name', 'missing'], 'Cannot read the secret: open missing: no such file or directory'],
    [['create', '--env', 'name', 'UNSET'], 'Cannot create a secret: the environment variable "UNSET" is not set'],
    [['rm', 'nobody'], 'No such secret: nobody'],
    [['rm'], 'A name is needed, or --all'],
    [['rm', '--all', 'one'], 'Names cannot be given together with --all'],
    [['ls', '--filter', 'colour=red'], "invalid filter 'colour'"],
  ])('secret %j', async (args, sentence) => {
    const { stdout, stderr, code } = await box.skiff(['secret', ...args]);
    expect({ stdout, line: stderr.split('\n')[0], code }).toEqual({ stdout: '', line: `skiff: ${sentence}`, code: 1 });
  });

  test('inspect shows what it finds', async () => {
    const id = await box.ok(['secret', 'create', 'known', 'file']);
    expect(await box.skiff(['secret', 'inspect', '-f', '{{.ID}}', 'known', 'nobody'])).toEqual({
      stdout: `${id}\n`,
      stderr: 'Error: No such secret: nobody\nList what there is: skiff secret ls\n',
      code: 1,
    });
  });
});

describe('in a container', () => {
  beforeAll(async () => {
    await box.ok(['secret', 'create', 'hidden', '-'], { stdin: HIDDEN });
    await box.ok(['secret', 'create', 'text', 'file']);
  });

  test('files below /run/secrets or elsewhere, with owner and mode, read-only', async () => {
    const secrets = [
      'hidden',
      'text,target=deep/er,uid=1000,gid=5,mode=0400',
      'text,target=/etc/elsewhere',
      'text,target=/run/secrets/full',
    ];
    const script =
      'cd /run/secrets; stat -c "%n %a %u:%g" hidden deep/er /etc/elsewhere full; cat hidden; echo; cat deep/er /etc/elsewhere; touch new 2>&1; true';
    expect(await run(...secrets.flatMap((secret) => ['--secret', secret]), busybox, 'sh', '-c', script)).toBe(
      [
        'hidden 444 0:0',
        'deep/er 400 1000:5',
        '/etc/elsewhere 444 0:0',
        'full 444 0:0',
        HIDDEN,
        'from a file',
        'from a file',
        'touch: new: Read-only file system',
      ].join('\n'),
    );
  });

  test('belong to the ids of the container where it has a map of its own', async () => {
    const script = 'stat -c "%u:%g" /run/secrets/text /run/secrets/mine; cat /run/secrets/mine';
    const flags = ['--userns', 'keep-id:uid=1000,gid=1000', '--secret', 'text', '--secret', 'text,target=mine,uid=1000,gid=1000,mode=0400'];
    expect(await run(...flags, '-u', '1000:1000', busybox, 'sh', '-c', script)).toBe('0:0\n1000:1000\nfrom a file');
  });

  test('as variables, for the program and for exec, and nowhere else', async () => {
    await box.ok([
      'run',
      '-d',
      '--name',
      'keeper',
      '--secret',
      'hidden',
      '--secret',
      'hidden,type=env,target=WORD',
      busybox,
      'sleep',
      '1000',
    ]);
    const folder = join(box.root, 'containers', await box.ok(['inspect', '-f', '{{.Id}}', 'keeper']));
    expect(await box.ok(['exec', 'keeper', 'sh', '-c', 'echo $WORD; cat /run/secrets/hidden'])).toBe(`${HIDDEN}\n${HIDDEN}`);
    expect(await box.ok(['exec', 'keeper', 'sh', '-c', 'tr "\\0" "\\n" </proc/1/environ | grep WORD'])).toBe(`WORD=${HIDDEN}`);
    expect(await box.ok(['inspect', 'keeper'])).not.toContain(HIDDEN);
    expect(readFileSync(join(folder, 'config.json'), 'utf8')).not.toContain(HIDDEN);
    expect(existsSync(join(folder, 'upper/run/secrets/hidden'))).toBe(false);
    // Removed from the store, the container still has it, over a restart too.
    await box.ok(['secret', 'rm', 'hidden']);
    await box.ok(['restart', '-t', '0', 'keeper']);
    expect(await box.ok(['exec', 'keeper', 'sh', '-c', 'echo $WORD; cat /run/secrets/hidden'])).toBe(`${HIDDEN}\n${HIDDEN}`);
    await box.ok(['rm', '-f', 'keeper']);
    expect(existsSync(folder)).toBe(false);
  });

  test.each([
    ['nobody', 'skiff: No such secret: nobody'],
    ['text,type=file', 'skiff: invalid argument "text,type=file" for "--secret" flag: type file is invalid: use mount or env'],
    [
      'text,type=env,uid=1',
      'skiff: invalid argument "text,type=env,uid=1" for "--secret" flag: UID, GID, Mode options cannot be set with secret type env',
    ],
    ['text,mode=9', 'skiff: invalid argument "text,mode=9" for "--secret" flag: mode 9 is invalid: use up to four octal digits'],
    ['text,uid=me', 'skiff: invalid argument "text,uid=me" for "--secret" flag: uid me is invalid: use a number'],
    ['text,target=../up', 'skiff: invalid argument "text,target=../up" for "--secret" flag: target ../up is no path of a file'],
    [
      'text,colour=red',
      'skiff: invalid argument "text,colour=red" for "--secret" flag: option colour=red is invalid: use type, target, uid, gid and mode',
    ],
    ['type=env', 'skiff: invalid argument "type=env" for "--secret" flag: no source found type=env: no secret is named'],
  ])('--secret %s is refused', async (spec, sentence) => {
    const { stderr, code } = await box.skiff(['create', '--name', 'never', '--secret', spec, busybox]);
    expect({ line: stderr.split('\n')[0], code }).toEqual({ line: sentence, code: 125 });
    expect(await box.ok(['ps', '-aq', '--filter', 'name=never'])).toBe('');
  });

  test('two at one place, and bytes that no variable can hold', async () => {
    await box.ok(['secret', 'create', 'binary', '-'], { stdin: new Uint8Array([1, 0, 2]) });
    const twice = await box.skiff(['create', '--secret', 'text', '--secret', 'binary,target=text', busybox]);
    expect({ line: twice.stderr.split('\n')[0], code: twice.code }).toEqual({
      line: 'skiff: Two secrets have the target "text"',
      code: 125,
    });
    const binary = await box.skiff(['create', '--secret', 'binary,type=env', busybox]);
    expect({ line: binary.stderr.split('\n')[0], code: binary.code }).toEqual({
      line: 'skiff: Secret "binary" cannot be an environment variable: it is no UTF-8 text, or has a NUL in it',
      code: 125,
    });
    expect(await run('--secret', 'binary', busybox, 'od', '-An', '-tx1', '/run/secrets/binary')).toBe(' 01 00 02');
  });
});
