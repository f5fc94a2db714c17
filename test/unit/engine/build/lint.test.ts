import { RULE_NAMES } from '../../../../src/engine/build/lint/rules.ts';
import { lintDockerfile, lintFailure } from '../../../../src/engine/build/lint.ts';
import { parseDockerfile } from '../../../../src/engine/dockerfile/parse.ts';

const TARGET = new Map([
  ['TARGETPLATFORM', 'linux/amd64'],
  ['BUILDPLATFORM', 'linux/amd64'],
]);

interface Given {
  buildArgs?: Record<string, string>;
  ignored?: string[];
  unknownImages?: boolean;
  only?: number;
  platform?: { os: string; architecture: string };
}

/** `line rule: message` of each note. */
function notes(text: string, { buildArgs = {}, ignored = [], unknownImages = false, only, platform }: Given = {}): string[] {
  const found = lintDockerfile(parseDockerfile(text, 'Dockerfile'), {
    buildArgs,
    platformArgs: TARGET,
    isNeeded: only === undefined ? undefined : ({ index }) => index === only,
    imageConfig: () => (unknownImages ? undefined : { Env: ['PATH=/bin'], platform }),
    isIgnored: (path) => ignored.includes(path),
  });
  return found.map(({ span, rule, message }) => `${span.start.line} ${rule}: ${message}`);
}

const CASES: [text: string, expected: string[], given?: Given][] = [
  ['FROM a AS Foo', ["1 StageNameCasing: Stage name 'Foo' should be lowercase"]],
  ['FROM a AS foo', []],
  ['FROM a as foo', ["1 FromAsCasing: 'as' and 'FROM' keywords' casing do not match"]],
  ['from a AS foo', ["1 FromAsCasing: 'AS' and 'from' keywords' casing do not match"]],
  ['from a as foo', []],
  ['FROM a\nRUN x \\\n\n y', ['2 NoEmptyContinuation: Empty continuation line']],
  ['FROM a\nRUN x \\\n# no\n y', []],
  ['FROM a\nRUN x\nrun y', ["3 ConsistentInstructionCasing: Command 'run' should match the case of the command majority (uppercase)"]],
  ['from a\nrun x\nRUN y', ["3 ConsistentInstructionCasing: Command 'RUN' should match the case of the command majority (lowercase)"]],
  ['FROM a\nRun x', ["2 ConsistentInstructionCasing: Command 'Run' should match the case of the command majority (uppercase)"]],
  ['from a\nrun x', []],
  ['FROM a AS b\nFROM c AS b', ['2 DuplicateStageName: Duplicate stage name "b", stage names should be unique']],
  ['FROM a AS scratch', ["1 ReservedStageName: 'scratch' is reserved and should not be used as a stage name"]],
  ['FROM a AS context', ["1 ReservedStageName: 'context' is reserved and should not be used as a stage name"]],
  ['FROM a\nCMD x', ['2 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals']],
  [
    'FROM a\nENTRYPOINT x',
    ['2 JSONArgsRecommended: JSON arguments recommended for ENTRYPOINT to prevent unintended behavior related to OS signals'],
  ],
  ['FROM a\nCMD ["x"]\nENTRYPOINT ["y"]', []],
  ['FROM a\nSHELL ["sh"]\nCMD x', []],
  ['FROM a AS b\nSHELL ["sh"]\nFROM b\nCMD x', []],
  ['FROM a\nMAINTAINER me', ['2 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label']],
  [
    'ARG VERSION=1\nFROM a:$VERSON',
    [
      '2 InvalidDefaultArgInFrom: Default value for ARG a:$VERSON results in empty or invalid base image name',
      "2 UndefinedArgInFrom: FROM argument 'VERSON' is not declared (did you mean VERSION?)",
    ],
  ],
  ['FROM --platform=$NONE a', ["1 UndefinedArgInFrom: FROM argument 'NONE' is not declared"]],
  ['FROM --platform=$BUILDPLATFORM a', []],
  [`ARG V\nFROM a\${V:+:$V}`, []],
  [
    'ARG V\nFROM a:$V',
    ['2 InvalidDefaultArgInFrom: Default value for ARG a:$V results in empty or invalid base image name'],
    { buildArgs: { V: '1' } },
  ],
  ['ARG V=1\nFROM a:$V', []],
  ['FROM a\nWORKDIR x\nWORKDIR y', ['2 WorkdirRelativePath: Relative workdir "x" can have unexpected results if the base image changes']],
  ['FROM a\nWORKDIR /x\nWORKDIR y', []],
  ['FROM a AS b\nWORKDIR /x\nFROM b\nWORKDIR y', []],
  ['FROM a\nENV X=/x\nWORKDIR $X/y', []],
  ['FROM a\nCOPY $FOO /', ["2 UndefinedVar: Usage of undefined variable '$FOO'"]],
  ['FROM a\nENV A=$PAHT', ["2 UndefinedVar: Usage of undefined variable '$PAHT' (did you mean $PATH?)"]],
  ['FROM a\nENV A=1 B=$A', ["2 UndefinedVar: Usage of undefined variable '$A'"]],
  ['FROM a\nENV A=1\nENV B=$A C=$PATH', []],
  ['FROM a\nARG A\nLABEL b=$A', []],
  ['FROM a\nARG A=$B', ["2 UndefinedVar: Usage of undefined variable '$B'"]],
  ['FROM a AS b\nARG A\nFROM b\nUSER $A', []],
  ['FROM a AS b\nARG A\nFROM a\nUSER $A', ["4 UndefinedVar: Usage of undefined variable '$A'"]],
  ['FROM a\nRUN echo $NONE\nCMD ["$NONE"]', []],
  ['FROM a\nRUN --mount=type=cache,target=$NONE x', ["2 UndefinedVar: Usage of undefined variable '$NONE'"]],
  ['FROM a\nCOPY <<E <<"F" /d/\n$X\nE\n$Y\nF', ["2 UndefinedVar: Usage of undefined variable '$X'"]],
  ['FROM a\nENV A=$NONE', [], { unknownImages: true }],
  ['FROM scratch\nENV A=$NONE', ["2 UndefinedVar: Usage of undefined variable '$NONE'"], { unknownImages: true }],
  [
    'FROM a\nCMD ["x"]\nCMD ["y"]',
    [
      '2 MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because only the last one will be used',
    ],
  ],
  [
    'FROM a\nENTRYPOINT ["x"]\nENTRYPOINT ["y"]',
    [
      '2 MultipleInstructionsDisallowed: Multiple ENTRYPOINT instructions should not be used in the same stage because only the last one will be used',
    ],
  ],
  [
    'FROM a\nHEALTHCHECK NONE\nHEALTHCHECK NONE',
    [
      '2 MultipleInstructionsDisallowed: Multiple HEALTHCHECK instructions should not be used in the same stage because only the last one will be used',
    ],
  ],
  ['FROM a AS b\nCMD ["x"]\nFROM b\nCMD ["y"]', []],
  ['FROM a\nENV b c', ['2 LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format']],
  ['FROM a\nLABEL b c', ['2 LegacyKeyValueFormat: "LABEL key=value" should be used instead of legacy "LABEL key value" format']],
  [
    'FROM --platform=$TARGETPLATFORM a',
    ['1 RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior'],
  ],
  ['FROM a\nENV DB_PASSWORD=x', ['2 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "DB_PASSWORD")']],
  ['FROM a\nARG api_key', ['2 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "api_key")']],
  ['FROM a\nENV PUBLIC_KEY=x KEYBOARD=us TOKEN_FILE=/t', []],
  [
    'FROM --platform=linux/arm64 a',
    ['1 FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "linux/arm64"'],
  ],
  ['FROM --platform=linux/arm64 a AS build-arm64', []],
  ['FROM a\nCOPY x y /d/', ['2 CopyIgnoredFile: Attempting to Copy file "y" that is excluded by .dockerignore'], { ignored: ['y'] }],
  [
    'FROM a\nADD y https://y /d/',
    ['2 CopyIgnoredFile: Attempting to Add file "y" that is excluded by .dockerignore'],
    { ignored: ['y', 'https://y'] },
  ],
  ['FROM a AS b\nFROM a\nCOPY --from=b y /d/', [], { ignored: ['y'] }],
  [
    '# check=experimental=InvalidDefinitionDescription\n\n# is wrong\nARG A\nFROM a',
    ['4 InvalidDefinitionDescription: Comment for ARG should follow the format: `# A <description>`'],
  ],
  [
    '# check=experimental=all\n\n# is wrong\nFROM a AS b',
    ['4 InvalidDefinitionDescription: Comment for FROM should follow the format: `# b <description>`'],
  ],
  [
    '# check=experimental=all\n\n# x\nARG A B\nFROM a',
    ['4 InvalidDefinitionDescription: Comment for ARG should follow the format: `# <arg_key> <description>`'],
  ],
  ['# check=experimental=all\n\n# A is right\nARG A\nFROM a', []],
  ['# is wrong\nARG A\nFROM a', []],
  [
    'FROM a',
    ['1 InvalidBaseImagePlatform: Base image a was pulled with platform "linux/arm64", expected "linux/amd64" for current build'],
    { platform: { os: 'linux', architecture: 'arm64' } },
  ],
  ['FROM a', [], { platform: { os: 'linux', architecture: 'amd64' } }],
  ['FROM --platform=$BUILDPLATFORM a', [], { platform: { os: 'linux', architecture: 'arm64' } }],
  ['FROM a\nEXPOSE 80/TCP', ["2 ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase"]],
  [
    'FROM a\nEXPOSE 127.0.0.1:80:81',
    ["2 ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:80:81'"],
  ],
  [
    'FROM a\nEXPOSE 80:81',
    ["2 ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '80:81'"],
  ],
  ['FROM a\nEXPOSE 80 81/udp 82-85', []],
];

test.each(CASES)('%j: %j', (text, expected, given = {}) => {
  expect(notes(text, given).sort()).toEqual([...expected].sort());
});

test('every rule is among the cases', () => {
  const seen = CASES.flatMap(([, expected]) => expected.map((note) => note.split(/[ :]/)[1]));
  expect([...new Set(seen)].sort()).toEqual([...RULE_NAMES].sort());
});

describe('a rule is left out', () => {
  const TEXT = 'FROM a\nCMD x\nENV b c';
  test.each([
    ['# check=skip=JSONArgsRecommended\n', ['LegacyKeyValueFormat']],
    ['# check=skip=JSONArgsRecommended, LegacyKeyValueFormat\n', []],
    ['# check=skip=all\n', []],
    ['', ['JSONArgsRecommended', 'LegacyKeyValueFormat']],
  ])('by %j', (directive, rules) => {
    expect(notes(`${directive}${TEXT}`).map((note) => note.split(/[ :]/)[1])).toEqual(rules);
  });

  test('by the build argument, which stands above the file', () => {
    const buildArgs = { BUILDKIT_DOCKERFILE_CHECK: 'skip=JSONArgsRecommended' };
    expect(notes(`# check=skip=all\n${TEXT}`, { buildArgs }).map((note) => note.split(/[ :]/)[1])).toEqual(['LegacyKeyValueFormat']);
  });
});

test('what a stage does counts only where it is needed; how it is written counts always', () => {
  expect(notes('FROM a AS B\nCMD x\nFROM c\nCMD y', { only: 1 }).map((note) => note.split(':')[0])).toEqual([
    '1 StageNameCasing',
    '4 JSONArgsRecommended',
  ]);
});

test('a note names the page that explains its rule', () => {
  const [note] = lintDockerfile(parseDockerfile('FROM a\nCMD x', 'Dockerfile'), { buildArgs: {}, platformArgs: TARGET });
  expect(note).toMatchObject({ url: 'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/' });
});

test('notes fail a build only where the file or the build asks for that', () => {
  const failureOf = (text: string, buildArgs = {}) => {
    const file = parseDockerfile(text, 'Dockerfile');
    return lintFailure(file, lintDockerfile(file, { buildArgs, platformArgs: TARGET }), buildArgs);
  };
  expect(failureOf('FROM a\nCMD x')).toBeUndefined();
  expect(failureOf('# check=error=true\nFROM a\nCMD ["x"]')).toBeUndefined();
  expect(failureOf('FROM a\nCMD x', { BUILDKIT_DOCKERFILE_CHECK: 'error=true' })).toMatchObject({ code: 'ERR_DOCKERFILE' });
  expect(failureOf('# check=error=true\nFROM a\nENV b c\nCMD x')).toMatchObject({
    message: 'lint violation found for rules: JSONArgsRecommended, LegacyKeyValueFormat',
    hint: expect.stringContaining('Dockerfile:3:1'),
  });
});

test('a malformed build argument is refused', () => {
  expect(() => notes('FROM a', { buildArgs: { BUILDKIT_DOCKERFILE_CHECK: 'skp=x' } })).toThrow(
    '--build-arg BUILDKIT_DOCKERFILE_CHECK: invalid check option "skp" (did you mean skip?)',
  );
});
