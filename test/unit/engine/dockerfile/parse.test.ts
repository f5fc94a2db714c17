import type { Dockerfile, Instruction } from '../../../../src/engine/dockerfile/ast.ts';
import { parseDockerfile, parseTrigger } from '../../../../src/engine/dockerfile/parse.ts';

const parse = (text: string): Dockerfile => parseDockerfile(text, 'Dockerfile');

/** The one instruction behind a FROM. */
function only(text: string): Instruction {
  const [instruction, more] = parse(`FROM a\n${text}`).stages[0]?.instructions ?? [];
  expect(more).toBeUndefined();
  expect(instruction).toBeDefined();
  return instruction as Instruction;
}

describe('an instruction', () => {
  const COPY = { exclude: [], link: false, parents: false, keepGitDir: false, heredocs: [], dest: '/d' };
  test.each<[string, object]>([
    ['RUN a b', { kind: 'run', command: { form: 'shell', line: 'a b' }, mounts: [], devices: [], heredocs: [] }],
    ['run a', { kind: 'run', command: { form: 'shell', line: 'a' }, original: 'run a' }],
    ['RUN ["a", "b c"]', { command: { form: 'exec', words: ['a', 'b c'] } }],
    ["RUN ['a']", { command: { form: 'shell', line: "['a']" } }],
    ['RUN [ -d x ] && y', { command: { form: 'shell', line: '[ -d x ] && y' } }],
    ['RUN', { command: { form: 'shell', line: '' } }],
    [
      'RUN --mount=type=cache,target=/c --mount=target=/b a',
      { mounts: ['type=cache,target=/c', 'target=/b'], command: { form: 'shell', line: 'a' } },
    ],
    ['RUN --mount="type=secret,id=a b" x', { mounts: ['type=secret,id=a b'] }],
    ['RUN --network=NONE a', { network: 'none' }],
    ['RUN --security=insecure a', { security: 'insecure' }],
    ['RUN --device=vendor.com/gpu=0 --device=x a', { devices: ['vendor.com/gpu=0', 'x'] }],
    ['RUN -- --flag', { command: { form: 'shell', line: '-- --flag' } }],
    ['RUN a --network=none', { command: { form: 'shell', line: 'a --network=none' }, network: undefined }],
    ['CMD a "b"', { kind: 'cmd', command: { form: 'shell', line: 'a "b"' } }],
    ['CMD ["a"]', { kind: 'cmd', command: { form: 'exec', words: ['a'] } }],
    ['CMD []', { kind: 'cmd', command: { form: 'exec', words: [] } }],
    ['ENTRYPOINT ["a"]', { kind: 'entrypoint', command: { form: 'exec', words: ['a'] } }],
    ['COPY a b /d', { ...COPY, kind: 'copy', sources: ['a', 'b'] }],
    ['COPY ["a b", "/d"]', { ...COPY, sources: ['a b'] }],
    ['COPY --from=x a /d', { ...COPY, from: 'x' }],
    ['COPY --chown=1:2 --chmod=u+x a /d', { chown: '1:2', chmod: 'u+x' }],
    ['COPY --link --parents a /d', { link: true, parents: true }],
    ['COPY --link=false a /d', { link: false }],
    ['COPY --exclude=*.md --exclude=b a /d', { exclude: ['*.md', 'b'] }],
    [`COPY $A \${B} /d`, { sources: ['$A', `\${B}`] }],
    ['ADD --checksum=sha256:00 https://x/y /d', { kind: 'add', checksum: 'sha256:00', sources: ['https://x/y'] }],
    ['ADD --keep-git-dir=true https://x/y.git#v1 /d', { keepGitDir: true, sources: ['https://x/y.git#v1'] }],
    ['ADD --unpack=false a.tar /d', { unpack: false }],
    ['ADD --unpack a.tar /d', { unpack: true }],
    ['ADD a.tar /d', { unpack: undefined }],
    ['ENV a=b', { kind: 'env', pairs: [{ name: 'a', value: 'b' }], isOld: false }],
    [
      'ENV a=b c="d e" f=g\\ h i= j=\'k\'',
      {
        pairs: [
          { name: 'a', value: 'b' },
          { name: 'c', value: '"d e"' },
          { name: 'f', value: 'g\\ h' },
          { name: 'i', value: '' },
          { name: 'j', value: "'k'" },
        ],
      },
    ],
    ['ENV a b  c=d', { pairs: [{ name: 'a', value: 'b  c=d' }], isOld: true }],
    ['ENV a=b=c', { pairs: [{ name: 'a', value: 'b=c' }] }],
    ['LABEL "a b"="c"', { kind: 'label', pairs: [{ name: '"a b"', value: '"c"' }] }],
    ['ARG a', { kind: 'arg', args: [{ name: 'a', value: undefined }] }],
    [
      'ARG a=1 b c=',
      {
        args: [
          { name: 'a', value: '1' },
          { name: 'b', value: undefined },
          { name: 'c', value: '' },
        ],
      },
    ],
    [
      '# a the first\n# c the third\nARG a b c',
      {
        args: [
          { name: 'a', comment: 'the first' },
          { name: 'b', comment: undefined },
          { name: 'c', comment: 'the third' },
        ],
      },
    ],
    ['EXPOSE 80 53/udp $P', { kind: 'expose', words: ['80', '53/udp', '$P'] }],
    ['VOLUME /a /b', { kind: 'volume', words: ['/a', '/b'] }],
    ['VOLUME ["/a b"]', { kind: 'volume', words: ['/a b'] }],
    ['USER a:b', { kind: 'user', word: 'a:b' }],
    ['USER a # not a comment', { kind: 'user', word: 'a # not a comment' }],
    ['WORKDIR /a b', { kind: 'workdir', word: '/a b' }],
    ['STOPSIGNAL $S', { kind: 'stopsignal', word: '$S' }],
    ['MAINTAINER A B <c@d>', { kind: 'maintainer', word: 'A B <c@d>' }],
    ['SHELL ["/bin/sh", "-c"]', { kind: 'shell', words: ['/bin/sh', '-c'] }],
    ['HEALTHCHECK NONE', { kind: 'healthcheck', text: 'NONE' }],
    ['HEALTHCHECK --interval=1s --retries=2 CMD a b', { text: '--interval=1s --retries=2 CMD a b' }],
    ['ONBUILD RUN a', { kind: 'onbuild', trigger: 'RUN a' }],
    ['onbuild copy --from=x a /d', { trigger: 'copy --from=x a /d' }],
  ])('%s', (text, expected) => {
    expect(only(text)).toMatchObject(expected);
  });
});

describe('a heredoc', () => {
  const plain = { descriptor: 0, isChomped: false, isExpanded: true };
  test.each<[string, object]>([
    ['RUN <<EOF\na\n b\nEOF', { command: { form: 'shell', line: '<<EOF' }, heredocs: [{ ...plain, name: 'EOF', text: 'a\n b\n' }] }],
    ['RUN <<EOF\nEOF', { heredocs: [{ ...plain, text: '' }] }],
    ['RUN <<-EOF\n\ta\n\t\tb\n c\n\tEOF', { heredocs: [{ ...plain, isChomped: true, text: 'a\nb\n c\n' }] }],
    ['RUN <<"EOF"\n$a\nEOF', { heredocs: [{ ...plain, name: 'EOF', isExpanded: false, text: '$a\n' }] }],
    ["RUN <<'E O F'\na\nE O F", { heredocs: [{ name: 'E O F', isExpanded: false }] }],
    ['RUN <<E"O"F\na\nEOF', { heredocs: [{ name: 'EOF', isExpanded: false }] }],
    ['RUN <<\\EOF\na\nEOF', { heredocs: [{ name: 'EOF', isExpanded: false }] }],
    ['RUN python3 <<EOF > /x\na\nEOF', { command: { form: 'shell', line: 'python3 <<EOF > /x' }, heredocs: [{ ...plain, text: 'a\n' }] }],
    [
      'RUN cat <<A 3<<B\n1\nA\n2\nB',
      {
        heredocs: [
          { ...plain, name: 'A', text: '1\n' },
          { ...plain, name: 'B', descriptor: 3, text: '2\n' },
        ],
      },
    ],
    ['RUN <<EOF\n# kept\nFROM kept \\\n\n<<X\nEOF', { heredocs: [{ text: '# kept\nFROM kept \\\n\n<<X\n' }] }],
    ['RUN \\\n  <<EOF\na\nEOF', { heredocs: [{ text: 'a\n' }] }],
    ['RUN a <<< b', { command: { form: 'shell', line: 'a <<< b' }, heredocs: [] }],
    ['RUN echo "<<EOF"', { heredocs: [] }],
    ['RUN ["a", "<<EOF"]', { heredocs: [] }],
    ['RUN a << b', { heredocs: [] }],
    ['CMD <<EOF', { kind: 'cmd', command: { form: 'shell', line: '<<EOF' } }],
    [
      'COPY <<a.txt <<"b.txt" /d/\n$one\na.txt\n$two\nb.txt',
      {
        sources: [],
        dest: '/d/',
        heredocs: [
          { name: 'a.txt', text: '$one\n', isExpanded: true },
          { name: 'b.txt', text: '$two\n', isExpanded: false },
        ],
      },
    ],
    ['ADD x <<E y /d/\nt\nE', { sources: ['x', 'y'], heredocs: [{ name: 'E', text: 't\n' }] }],
    ['ONBUILD COPY <<E /d\nt $v\nE', { trigger: 'COPY <<E /d\nt $v\nE' }],
  ])('%j', (text, expected) => {
    expect(only(text)).toMatchObject(expected);
  });

  test('ends the instruction, and the next one begins behind it', () => {
    const { stages } = parse('FROM a\nRUN <<E\n1\n2\nE\nENV a=b');
    expect(stages[0]?.instructions.map(({ kind, span }) => [kind, span.start.line, span.end.line])).toEqual([
      ['run', 2, 5],
      ['env', 6, 6],
    ]);
  });

  test('keeps the line ends of its text', () => {
    const { stages } = parse('FROM a\r\nRUN <<E\r\na\r\nE\r\nENV a=b\r\n');
    expect(stages[0]?.instructions).toMatchObject([{ heredocs: [{ text: 'a\r\n' }] }, { pairs: [{ value: 'b' }] }]);
  });
});

describe('lines', () => {
  test.each<[string, string]>([
    ['a \\\n  b', 'a   b'],
    ['a \\  \n  b', 'a   b'],
    ['a \\\n# gone\n  # gone \\\nb', 'a b'],
    ['a \\\n\n\nb', 'a b'],
    ['a \\\n   \nb', 'a b'],
    ['a\\\nb', 'ab'],
    ['a # kept', 'a # kept'],
    ['a \\\\', 'a \\\\'],
    ['a \\', 'a'],
    ['a && \\\n# only a comment', 'a &&'],
  ])('%j', (text, line) => {
    expect(only(`RUN ${text}`)).toMatchObject({ command: { form: 'shell', line } });
  });

  test('a byte order mark, Windows line ends, blank lines and indentation mean nothing', () => {
    const { stages } = parse('\uFEFF\r\n# hi\r\n  FROM a \r\n\r\n\tRUN x \\\r\n  y\r\n');
    expect(stages).toMatchObject([{ base: 'a', span: { start: { line: 3, column: 3 } }, instructions: [{ command: { line: 'x   y' } }] }]);
  });

  test('empty lines within a continued one are noted', () => {
    expect(parse('FROM a\nRUN x \\\n\ny\nRUN z \\\n# no\nw').emptyContinuations).toMatchObject([{ start: { line: 2 }, end: { line: 4 } }]);
  });

  test('the last line needs no end', () => {
    expect(parse('FROM a').lines).toEqual(['FROM a']);
    expect(parse('FROM a\n').lines).toEqual(['FROM a']);
  });
});

describe('parser directives', () => {
  test.each<[string, object]>([
    ['# syntax=docker/dockerfile:1\nFROM a', { syntax: 'docker/dockerfile:1', escape: '\\' }],
    ['#syntax = x \nFROM a', { syntax: 'x' }],
    ['# SYNTAX=x\n# Escape=`\nFROM a', { syntax: 'x', escape: '`' }],
    ['# escape=\\\nFROM a', { escape: '\\' }],
    ['# check=skip=A,B;error=true\nFROM a', { check: { skip: ['A', 'B'], experimental: [], error: true } }],
    ['# check=skip=all\nFROM a', { check: { skip: ['all'], experimental: [], error: false } }],
    ['# check=error=1;experimental=X\nFROM a', { check: { skip: [], experimental: ['X'], error: true } }],
    ['# a comment\n# escape=`\nFROM a', { escape: '\\' }],
    ['\n# escape=`\nFROM a', { escape: '\\' }],
    ['# unknown=x\n# escape=`\nFROM a', { escape: '\\' }],
    ['FROM a\n# escape=`', { escape: '\\' }],
    ['FROM a', { escape: '\\' }],
  ])('%j', (text, directives) => {
    expect(parse(text).directives).toMatchObject(directives);
  });

  test('the escape character continues lines and keeps blanks', () => {
    const { stages } = parse('# escape=`\nFROM a\nENV a=b` c `\n  d=e\nRUN c:\\\nRUN x');
    expect(stages[0]?.instructions).toMatchObject([
      {
        pairs: [
          { name: 'a', value: 'b` c' },
          { name: 'd', value: 'e' },
        ],
      },
      { command: { line: 'c:\\' } },
      { command: { line: 'x' } },
    ]);
  });
});

describe('stages', () => {
  test('have a base, a name in lower case, a platform, and what describes them', () => {
    const { stages, globalArgs } = parse(
      'ARG A=1\nARG B\n# build makes it\nFROM --platform=$BUILDPLATFORM go:$A AS Build\nRUN a\nfrom scratch as two.b-c_d\nFROM build\n',
    );
    expect(globalArgs.map(({ args }) => args[0]?.name)).toEqual(['A', 'B']);
    expect(stages).toMatchObject([
      {
        index: 0,
        base: 'go:$A',
        name: 'build',
        platform: '$BUILDPLATFORM',
        comment: 'makes it',
        span: { start: { line: 4 }, end: { line: 4 } },
      },
      { index: 1, base: 'scratch', name: 'two.b-c_d', platform: undefined, comment: undefined },
      { index: 2, base: 'build', name: undefined },
    ]);
  });

  test('a blank line parts a comment from what is below it', () => {
    expect(parse('# build makes it\n\nFROM a AS build').stages[0]).toMatchObject({ comment: undefined, comments: [] });
  });
});

describe('a trigger', () => {
  test('is one instruction', () => {
    expect(parseTrigger('COPY <<E /d\nt\nE', 'ONBUILD')).toMatchObject({ kind: 'copy', heredocs: [{ name: 'E', text: 't\n' }] });
    expect(parseTrigger('RUN a \\\n b', 'ONBUILD')).toMatchObject({ kind: 'run', command: { line: 'a  b' } });
  });

  test.each([
    ['', 'onbuild trigger should be a single expression'],
    ['RUN a\nRUN b', 'onbuild trigger should be a single expression'],
    ['FROM a', "dockerfile parse error on line 1: FROM isn't allowed as an ONBUILD trigger"],
    ['RUM a', 'dockerfile parse error on line 1: unknown instruction: RUM (did you mean RUN?)'],
  ])('%j is refused', (text, message) => {
    expect(() => parseTrigger(text, 'ONBUILD')).toThrow(expect.objectContaining({ code: 'ERR_DOCKERFILE', message }));
  });
});
