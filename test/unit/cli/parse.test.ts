import { flag } from '../../../src/cli/flag.ts';
import { argumentCountProblem, parseLine } from '../../../src/cli/parse.ts';
import { EngineError } from '../../../src/sys/errors.ts';

const flags = {
  detach: flag.boolean({ char: 'd' }),
  env: flag.list({ char: 'e' }),
  interactive: flag.boolean({ char: 'i' }),
  memory: flag.custom({
    char: 'm',
    parse: (text) => {
      if (!/^\d+k$/.test(text)) throw new Error(`invalid size: '${text}'`);
      return Number.parseInt(text, 10) * 1024;
    },
  }),
  name: flag.string(),
  network: flag.string({ aliases: ['net'] }),
  publish: flag.list({ char: 'p' }),
  pull: flag.string({ default: 'missing', options: ['always', 'missing', 'never'] }),
  'sig-proxy': flag.boolean({ default: true }),
  time: flag.integer({ char: 't', default: 10 }),
  tty: flag.boolean({ char: 'T' }),
  cgroup: flag.string({ bareValue: 'private' }),
};

const parse = (words: string[], stopAtFirstArgument = false) => parseLine({ flags, stopAtFirstArgument }, words);

function failureOf(words: string[]): { message: string; exitCode: number } {
  try {
    parse(words);
  } catch (error) {
    if (error instanceof EngineError) return { message: error.message, exitCode: error.exitCode };
    throw error;
  }
  throw new Error(`Expected ${words.join(' ')} to be refused`);
}

describe('the grammar of the command line', () => {
  it.each([
    ['a cluster of letters sets each', ['-di'], { detach: true, interactive: true }],
    ['the last letter of a cluster may take the next word', ['-it', '3'], { interactive: true, time: 3 }],
    ['a letter takes the rest of its word', ['-p80:80'], { publish: ['80:80'] }],
    ['a letter drops one equals sign before its value', ['-e=A=b'], { env: ['A=b'] }],
    ['a letter keeps the equals sign inside its value', ['-eA=b'], { env: ['A=b'] }],
    ['a long flag takes its value after an equals sign', ['--name=web'], { name: 'web' }],
    ['a long flag takes an empty value after an equals sign', ['--name='], { name: '' }],
    ['a long flag takes the next word, even one that looks like a flag', ['--name', '--detach'], { name: '--detach' }],
    ['an equals sign in a value stays', ['--env=A=b=c'], { env: ['A=b=c'] }],
    ['a boolean is switched off by =false', ['--sig-proxy=false'], { 'sig-proxy': false }],
    ['a boolean letter in a cluster takes =false', ['-id=false'], { interactive: true, detach: false }],
    ['a boolean never takes the next word', ['--detach', 'false'], { detach: true }],
    ['a list grows with each occurrence', ['-e', 'A=1', '--env', 'B=2'], { env: ['A=1', 'B=2'] }],
    ['a single-valued flag keeps its last value', ['--name', 'a', '--name', 'b'], { name: 'b' }],
    ['an alias sets the flag that it stands for', ['--net', 'host'], { network: 'host' }],
    ['an integer may be negative', ['--time', '-1'], { time: -1 }],
    ['an integer may be hexadecimal', ['--time', '0x10'], { time: 16 }],
    ['a custom flag parses its text', ['-m', '4k'], { memory: 4096 }],
    ['an option with a bare value does not take the next word', ['--cgroup', 'x'], { cgroup: 'private' }],
  ])('%s', (_, words, expected) => {
    expect(parse(words).flags).toEqual({ ...parse([]).flags, ...expected });
  });

  it('gives every flag its default, and undefined where it has none', () => {
    expect(parse([]).flags).toEqual({
      cgroup: undefined,
      detach: false,
      env: [],
      interactive: false,
      memory: undefined,
      name: undefined,
      network: undefined,
      publish: [],
      pull: 'missing',
      'sig-proxy': true,
      time: 10,
      tty: false,
    });
  });

  it('does not share list values between two lines', () => {
    parse(['-e', 'A=1']);
    expect(parse([]).flags.env).toEqual([]);
  });

  it('finds flags after arguments', () => {
    const line = parse(['web', '-d', 'db']);
    expect([line.args, line.flags.detach]).toEqual([['web', 'db'], true]);
  });

  it('leaves everything after the first argument alone where the command says so', () => {
    const line = parse(['-d', 'image', '-i', '--', '--help'], true);
    expect([line.args, line.flags.detach, line.flags.interactive, line.help]).toEqual([
      ['image', '-i', '--', '--help'],
      true,
      false,
      false,
    ]);
  });

  it('takes everything after -- as arguments', () => {
    expect(parse(['-d', '--', '-i', '--', 'x']).args).toEqual(['-i', '--', 'x']);
  });

  it('takes a lone dash and an empty word as arguments', () => {
    expect(parse(['-', '']).args).toEqual(['-', '']);
  });

  it('remembers which flags were given, under their own names', () => {
    expect([...parse(['--net=host', '-d']).given]).toEqual(['network', 'detach']);
  });

  it.each([['--help'], ['-h'], ['-dh']])('hears a cry for help in %s and reads no further', (word) => {
    const line = parse([word, '--bogus']);
    expect(line.help).toBe(true);
  });

  it('gives -h to a command that has a flag of that letter', () => {
    const line = parseLine({ flags: { hostname: flag.string({ char: 'h' }) }, stopAtFirstArgument: false }, ['-h', 'box']);
    expect([line.help, line.flags.hostname]).toEqual([false, 'box']);
  });
});

describe('what the command line refuses, in Docker words and with exit code 125', () => {
  it.each([
    [['--bogus'], 'unknown flag: --bogus'],
    [['--bogus=1'], 'unknown flag: --bogus'],
    [['-xyz'], "unknown shorthand flag: 'x' in -xyz"],
    [['-iZd'], "unknown shorthand flag: 'Z' in -Zd"],
    [['---x'], 'bad flag syntax: ---x'],
    [['--=x'], 'bad flag syntax: --=x'],
    [['--name'], 'flag needs an argument: --name'],
    [['--net'], 'flag needs an argument: --net'],
    [['-p'], "flag needs an argument: 'p' in -p"],
    [['-ip'], "flag needs an argument: 'p' in -p"],
    [['-t', 'x'], 'invalid argument "x" for "-t, --time" flag: must be an integer'],
    [['--time=1.5'], 'invalid argument "1.5" for "-t, --time" flag: must be an integer'],
    [['--time=99999999999999999999'], 'invalid argument "99999999999999999999" for "-t, --time" flag: must be an integer'],
    [['--sig-proxy=maybe'], 'invalid argument "maybe" for "--sig-proxy" flag: must be true or false'],
    [['--detach='], 'invalid argument "" for "-d, --detach" flag: must be true or false'],
    [['--pull=x'], 'invalid argument "x" for "--pull" flag: must be one of "always", "missing", "never"'],
    [['-m', '4q'], 'invalid argument "4q" for "-m, --memory" flag: invalid size: \'4q\''],
  ])('%j', (words, message) => {
    expect(failureOf(words)).toEqual({ message, exitCode: 125 });
  });
});

describe('the number of arguments', () => {
  it.each([
    [1, 0, 0, "'skiff ps' accepts no arguments"],
    [0, 1, Number.POSITIVE_INFINITY, "'skiff ps' requires at least 1 argument"],
    [1, 2, Number.POSITIVE_INFINITY, "'skiff ps' requires at least 2 arguments"],
    [1, 2, 2, "'skiff ps' requires 2 arguments"],
    [0, 1, 1, "'skiff ps' requires 1 argument"],
    [2, 0, 1, "'skiff ps' requires at most 1 argument"],
    [3, 1, 2, "'skiff ps' requires at least 1 and at most 2 arguments"],
    [2, 1, 2, undefined],
    [0, 0, 0, undefined],
  ])('%d given where %d to %d are wanted', (count, minArgs, maxArgs, expected) => {
    expect(argumentCountProblem('skiff ps', count, { minArgs, maxArgs })).toBe(expected);
  });
});
