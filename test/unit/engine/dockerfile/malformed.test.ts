import { parseDockerfile } from '../../../../src/engine/dockerfile/parse.ts';
import { located } from '../../../../src/engine/dockerfile/problem.ts';
import { expandWord } from '../../../../src/engine/dockerfile/words.ts';
import { EngineError } from '../../../../src/sys/errors.ts';

function failure(text: string): EngineError {
  try {
    parseDockerfile(text, 'Dockerfile');
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

/** Behind `FROM a`, so on line 2; the place as `line:column`. */
const IN_A_STAGE: [text: string, place: string, said: string][] = [
  ['FRM b', '2:1', 'unknown instruction: FRM (did you mean FROM?)'],
  ['EXPOS 80', '2:1', 'unknown instruction: EXPOS (did you mean EXPOSE?)'],
  ['xyzzy', '2:1', 'unknown instruction: xyzzy'],
  ['&& b', '2:1', 'unknown instruction: &&'],
  ['constructor x', '2:1', 'unknown instruction: constructor'],
  ['  RUM x', '2:3', 'unknown instruction: RUM (did you mean RUN?)'],
  ['FROM', '2:5', 'FROM requires either one or three arguments'],
  ['FROM a b', '2:6', 'FROM requires either one or three arguments'],
  ['FROM a AS', '2:6', 'FROM requires either one or three arguments'],
  ['FROM a IS b', '2:6', 'FROM requires either one or three arguments'],
  ['FROM a AS b c', '2:6', 'FROM requires either one or three arguments'],
  ['FROM a AS 1b', '2:11', `invalid name for build stage: "1b", name can't start with a number or contain symbols`],
  ['FROM a AS b/c', '2:11', `invalid name for build stage: "b/c", name can't start with a number or contain symbols`],
  ['FROM --platfrom=x a', '2:6', 'unknown flag: --platfrom (did you mean platform?)'],
  ['FROM --platform a', '2:6', 'missing a value on flag: --platform'],
  ['FROM --platform=x --platform=y a', '2:19', 'duplicate flag specified: --platform'],
  ['RUN []', '2:1', 'RUN requires at least one argument'],
  ['RUN ["a", 1]', '2:1', 'when using JSON array syntax, arrays must be comprised of strings only'],
  ['RUN --moutn=x a', '2:5', 'unknown flag: --moutn (did you mean mount?)'],
  ['RUN --mount a', '2:5', 'missing a value on flag: --mount'],
  ['RUN --mount=type=cach,target=/c a', '2:5', 'unsupported mount type "cach" (did you mean cache?)'],
  ['RUN --mount=target=/c --mount=tagret=/c a', '2:23', `unexpected key 'tagret' in 'tagret=/c' (did you mean target?)`],
  ['RUN --mount=from=$B,target=/c a', '2:5', "'from' doesn't support variable expansion, define alias stage instead"],
  ['RUN --network=nown a', '2:5', 'invalid network mode "nown" (did you mean none?)'],
  ['RUN --security=root a', '2:5', 'security "root" is not valid'],
  ['RUN --network=none --network=host a', '2:20', 'duplicate flag specified: --network'],
  ['RUN <<EOF\na', '2:1', 'unterminated heredoc'],
  ['RUN <<A <<B\na\nA\nb', '2:1', 'unterminated heredoc'],
  ['CMD --flag a', '2:5', 'unknown flag: --flag'],
  ['CMD [1]', '2:1', 'when using JSON array syntax, arrays must be comprised of strings only'],
  ['ENTRYPOINT [null]', '2:1', 'when using JSON array syntax, arrays must be comprised of strings only'],
  ['COPY', '2:5', 'COPY requires at least two arguments, but only one was provided. Destination could not be determined'],
  ['COPY a', '2:6', 'COPY requires at least two arguments, but only one was provided. Destination could not be determined'],
  ['COPY ["a"]', '2:6', 'COPY requires at least two arguments, but only one was provided. Destination could not be determined'],
  ['ADD a', '2:5', 'ADD requires at least two arguments, but only one was provided. Destination could not be determined'],
  ['COPY [1, 2]', '2:1', 'when using JSON array syntax, arrays must be comprised of strings only'],
  ['COPY a <<E\nx\nE', '2:8', 'COPY cannot accept a heredoc as a destination'],
  ['ADD <<E <<F\nx\nE\ny\nF', '2:9', 'ADD cannot accept a heredoc as a destination'],
  ['COPY <<E /d\nx', '2:1', 'unterminated heredoc'],
  ['COPY --frm=b a /d', '2:6', 'unknown flag: --frm (did you mean from?)'],
  ['COPY --from a /d', '2:6', 'missing a value on flag: --from'],
  ['COPY --from=$B a /d', '2:6', 'variable expansion is not supported for --from'],
  ['COPY --from=b --from=c a /d', '2:15', 'duplicate flag specified: --from'],
  ['COPY --link=maybe a /d', '2:6', 'expecting boolean value for flag --link, not: maybe'],
  ['COPY --link= a /d', '2:6', 'missing a value on flag: --link'],
  ['COPY --checksum=x a /d', '2:6', 'unknown flag: --checksum'],
  ['COPY --keep-git-dir a /d', '2:6', 'unknown flag: --keep-git-dir'],
  ['ADD --from=b a /d', '2:5', 'unknown flag: --from'],
  ['ADD --parents a /d', '2:5', 'unknown flag: --parents'],
  ['ENV', '2:1', 'ENV requires at least one argument'],
  ['ENV a', '2:5', 'ENV must have two arguments'],
  ['ENV a=b c', '2:9', `Syntax error - can't find = in "c". Must be of the form: name=value`],
  ['ENV =b', '2:5', 'ENV names can not be blank'],
  ['ENV a=1 =b', '2:9', 'ENV names can not be blank'],
  ['ENV --x a=b', '2:5', 'unknown flag: --x'],
  ['LABEL', '2:1', 'LABEL requires at least one argument'],
  ['LABEL a', '2:7', 'LABEL must have two arguments'],
  ['LABEL a=b c', '2:11', `Syntax error - can't find = in "c". Must be of the form: name=value`],
  ['ARG', '2:1', 'ARG requires at least one argument'],
  ['ARG a =b', '2:7', 'ARG names can not be blank'],
  ['EXPOSE', '2:1', 'EXPOSE requires at least one argument'],
  ['VOLUME', '2:1', 'VOLUME requires at least one argument'],
  ['VOLUME []', '2:1', 'VOLUME requires at least one argument'],
  ['VOLUME [" "]', '2:1', 'VOLUME specified can not be an empty string'],
  ['VOLUME [1]', '2:1', 'when using JSON array syntax, arrays must be comprised of strings only'],
  ['USER', '2:1', 'USER requires exactly one argument'],
  ['WORKDIR', '2:1', 'WORKDIR requires exactly one argument'],
  ['STOPSIGNAL', '2:1', 'STOPSIGNAL requires exactly one argument'],
  ['MAINTAINER', '2:1', 'MAINTAINER requires exactly one argument'],
  ['WORKDIR --x /a', '2:9', 'unknown flag: --x'],
  ['SHELL', '2:1', 'SHELL requires at least one argument'],
  ['SHELL []', '2:1', 'SHELL requires at least one argument'],
  ['SHELL /bin/sh -c', '2:7', 'SHELL requires the arguments to be in JSON form'],
  ['HEALTHCHECK', '2:1', 'HEALTHCHECK requires at least one argument'],
  ['HEALTHCHECK --interval=1s', '2:1', 'HEALTHCHECK requires at least one argument'],
  ['HEALTHCHECK NONE x', '2:1', 'HEALTHCHECK NONE takes no arguments'],
  ['HEALTHCHECK RUN x', '2:1', 'unknown type "RUN" in HEALTHCHECK (try CMD)'],
  ['HEALTHCHECK CMD', '2:1', 'missing command after HEALTHCHECK CMD'],
  ['HEALTHCHECK CMD []', '2:1', 'missing command after HEALTHCHECK CMD'],
  ['HEALTHCHECK --intervall=1s CMD x', '2:13', 'unknown flag: --intervall (did you mean interval?)'],
  ['HEALTHCHECK --interval=1x CMD x', '2:1', 'time: invalid duration "1x"'],
  ['HEALTHCHECK --timeout=1us CMD x', '2:1', 'interval "--timeout" cannot be less than 1ms'],
  ['HEALTHCHECK --retries=-1 CMD x', '2:1', '--retries must be a number of 0 or more (not -1)'],
  ['HEALTHCHECK --retries=many CMD x', '2:1', '--retries must be a number of 0 or more (not many)'],
  ['ONBUILD', '2:1', 'ONBUILD requires at least one argument'],
  ['ONBUILD ONBUILD RUN a', '2:9', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
  ['ONBUILD FROM a', '2:9', "FROM isn't allowed as an ONBUILD trigger"],
  ['ONBUILD maintainer a', '2:9', "MAINTAINER isn't allowed as an ONBUILD trigger"],
  ['ONBUILD RUM a', '2:9', 'unknown instruction: RUM (did you mean RUN?)'],
  ['ONBUILD COPY --frm=x a /d', '2:14', 'unknown flag: --frm (did you mean from?)'],
];

describe('in a stage', () => {
  test.each(IN_A_STAGE)('%j', (text, place, said) => {
    const { code, message, hint, exitCode } = failure(`FROM a\n${text}\n`);
    const [line = ''] = place.split(':');
    expect({ code, message, exitCode }).toEqual({
      code: 'ERR_DOCKERFILE',
      message: `dockerfile parse error on line ${line}: ${said}`,
      exitCode: 1,
    });
    const lines = hint?.split('\n') ?? [];
    expect(lines).toContain(`Dockerfile:${place}`);
    expect(lines).toContain(`   2 | >>> ${text.split('\n')[0]}`.trimEnd());
  });
});

describe('the file', () => {
  test.each([
    ['', '1:1', 'file with no instructions'],
    ['# nothing\n\n', '2:1', 'file with no instructions'],
    ['ARG a\n', '1:1', 'dockerfile contains no stages to build'],
    ['RUN a\nFROM b', '1:1', 'dockerfile parse error on line 1: no build stage in current context'],
    ['ARG a\nENV a=b\nFROM b', '2:1', 'dockerfile parse error on line 2: no build stage in current context'],
    ['# escape=x\nFROM a', '1:1', "dockerfile parse error on line 1: invalid escape token 'x' does not match ` or \\"],
    ['# escape=`\n# escape=`\nFROM a', '2:1', 'dockerfile parse error on line 2: only one escape parser directive can be used'],
    ['# syntax=a\n# syntax=b\nFROM a', '2:1', 'dockerfile parse error on line 2: only one syntax parser directive can be used'],
    ['# check=skp=A\nFROM a', '1:1', 'dockerfile parse error on line 1: invalid check option "skp" (did you mean skip?)'],
    ['# check=A\nFROM a', '1:1', 'dockerfile parse error on line 1: invalid check option "A"'],
    [
      '# check=error=maybe\nFROM a',
      '1:1',
      'dockerfile parse error on line 1: failed to parse check option "error=maybe": "maybe" is neither true nor false',
    ],
  ])('%j', (text, place, said) => {
    const { code, message, hint } = failure(text);
    expect({ code, message }).toEqual({ code: 'ERR_DOCKERFILE', message: said });
    expect(hint?.split('\n')).toContain(`Dockerfile:${place}`);
  });
});

test('the line is that of the mistake, also in a continued one; all of its lines are marked', () => {
  const { message, hint } = failure('FROM a\n\nCOPY --from=b \\\n  # a comment\n  --chwon=1 \\\n  x /y\nRUN z\n');
  expect(message).toBe('dockerfile parse error on line 5: unknown flag: --chwon (did you mean chown?)');
  expect(hint).toBe(
    [
      'Dockerfile:5:3',
      '--------------------',
      '   1 |     FROM a',
      '   2 |',
      '   3 | >>> COPY --from=b \\',
      '   4 | >>>   # a comment',
      '   5 | >>>   --chwon=1 \\',
      '   6 | >>>   x /y',
      '   7 |     RUN z',
      '--------------------',
    ].join('\n'),
  );
});

test('of a long instruction the lines around the mistake are shown', () => {
  const body = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
  const { hint = '' } = failure(`FROM a\nCOPY --frm=x <<E /d\n${body}\nE\n`);
  expect(hint.split('\n').slice(1, 5)).toEqual([
    '--------------------',
    '   1 |     FROM a',
    '   2 | >>> COPY --frm=x <<E /d',
    '   3 | >>> line 0',
  ]);
  expect(hint.split('\n').length).toBeLessThan(20);
});

test('what to do stands behind the place', () => {
  expect(failure('FROM a\nSHELL /bin/sh -c').hint).toMatch(/^Dockerfile:2:7\n[\s\S]*\nWrite: SHELL \["\/bin\/sh","-c"\]$/);
});

test('a line without end fills no terminal, neither does a text that is expanded', () => {
  const { message, hint = '' } = failure(`FROM a\n${'x'.repeat(100_000)} y`);
  expect(message.length).toBeLessThan(400);
  expect(hint.length).toBeLessThan(600);
  expect(() => expandWord(`${'x'.repeat(100_000)}"`, new Map())).toThrow(/^failed to process "x{200}…": /);
});

test('what would steer a terminal is not shown', () => {
  expect(failure('FROM a\nFRM\u001b[31m b').message).toBe('dockerfile parse error on line 2: unknown instruction: FRM[31m');
  expect(failure('FROM a\nFRM \u001b[31mred\u0007').hint).toContain('   2 | >>> FRM [31mred\n');
});

test('words that are read later are told of where their instruction begins', () => {
  const file = parseDockerfile(`FROM a\nRUN b\nENV a=\${B:?needed}\n`, 'Dockerfile');
  const span = file.stages[0]?.instructions[1]?.span;
  expect(span && (() => located(file, span, () => expandWord(`\${B:?needed}`, new Map())))).toThrow(
    expect.objectContaining({
      code: 'ERR_DOCKERFILE',
      message: `failed to process "\${B:?needed}": B: needed`,
      hint: expect.stringContaining('Dockerfile:3:1\n'),
    }),
  );
});
