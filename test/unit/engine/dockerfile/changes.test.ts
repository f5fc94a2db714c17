import { applyChanges } from '../../../../src/engine/dockerfile/changes.ts';
import type { ImageRunConfig } from '../../../../src/storage/records.ts';

const BASE: ImageRunConfig = {
  Env: ['PATH=/bin', 'HOME=/root'],
  Cmd: ['sh'],
  Entrypoint: ['/entry'],
  Labels: { a: '1' },
  WorkingDir: '/srv',
};
const changed = (...changes: string[]): ImageRunConfig => applyChanges(BASE, changes);

describe('an instruction', () => {
  test.each<[string[], Partial<ImageRunConfig>]>([
    [['CMD ["a", "b c"]'], { Cmd: ['a', 'b c'] }],
    [['CMD echo "$HOME" | cat'], { Cmd: ['/bin/sh', '-c', 'echo "$HOME" | cat'] }],
    [['cmd []'], { Cmd: null }],
    [['CMD [not json]'], { Cmd: ['/bin/sh', '-c', '[not json]'] }],
    [['SHELL ["/bin/ash", "-ec"]', 'CMD x'], { Shell: ['/bin/ash', '-ec'], Cmd: ['/bin/ash', '-ec', 'x'] }],
    [['ENTRYPOINT ["/new"]'], { Entrypoint: ['/new'], Cmd: null }],
    [['CMD ["kept"]', 'ENTRYPOINT ["/new"]'], { Entrypoint: ['/new'], Cmd: ['kept'] }],
    [['ENTRYPOINT run it'], { Entrypoint: ['/bin/sh', '-c', 'run it'], Cmd: null }],
    [['ENV PATH=$PATH:/opt'], { Env: ['PATH=/bin:/opt', 'HOME=/root'] }],
    [['ENV A=1 B="two words" C=th\\ ree'], { Env: ['PATH=/bin', 'HOME=/root', 'A=1', 'B=two words', 'C=th ree'] }],
    [['ENV A some words'], { Env: ['PATH=/bin', 'HOME=/root', 'A=some words'] }],
    [['ENV A=1', `ENV B=\${A}2`], { Env: ['PATH=/bin', 'HOME=/root', 'A=1', 'B=12'] }],
    [['ENV A=x=y'], { Env: ['PATH=/bin', 'HOME=/root', 'A=x=y'] }],
    [[`ENV A=\${NONE:-d} B=\${HOME:+set} C=\${NONE+x}`], { Env: ['PATH=/bin', 'HOME=/root', 'A=d', 'B=set', 'C='] }],
    [['ENV A=\'$HOME\' B=\\$HOME C="\\$HOME"'], { Env: ['PATH=/bin', 'HOME=/root', 'A=$HOME', 'B=$HOME', 'C=$HOME'] }],
    [['EXPOSE 80 443/tcp 53/udp'], { ExposedPorts: { '80/tcp': {}, '443/tcp': {}, '53/udp': {} } }],
    [['EXPOSE 8000-8002'], { ExposedPorts: { '8000/tcp': {}, '8001/tcp': {}, '8002/tcp': {} } }],
    [['LABEL b=2 "c d"="e f"'], { Labels: { a: '1', b: '2', 'c d': 'e f' } }],
    [['LABEL a=other'], { Labels: { a: 'other' } }],
    [['ONBUILD RUN make', 'ONBUILD ADD . /'], { OnBuild: ['RUN make', 'ADD . /'] }],
    [['USER 5:6'], { User: '5:6' }],
    [['VOLUME /a /b'], { Volumes: { '/a': {}, '/b': {} } }],
    [['VOLUME ["/a b"]'], { Volumes: { '/a b': {} } }],
    [['WORKDIR /abs/../x'], { WorkingDir: '/x' }],
    [['WORKDIR sub', 'WORKDIR deeper'], { WorkingDir: '/srv/sub/deeper' }],
    [['WORKDIR $HOME/x'], { WorkingDir: '/root/x' }],
    [['STOPSIGNAL SIGINT'], { StopSignal: 'SIGINT' }],
    [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
    [
      [
        'HEALTHCHECK --interval=5m --timeout=3s --start-period=1s --start-interval=500ms --retries=2 CMD curl -f http://localhost/ || exit 1',
      ],
      {
        Healthcheck: {
          Interval: 300e9,
          Timeout: 3e9,
          StartPeriod: 1e9,
          StartInterval: 5e8,
          Retries: 2,
          Test: ['CMD-SHELL', 'curl -f http://localhost/ || exit 1'],
        },
      },
    ],
    [['HEALTHCHECK CMD ["/ok"]'], { Healthcheck: { Test: ['CMD', '/ok'] } }],
    [['ENV A=1\nENV B=2 \\\n  C=3\n# a comment'], { Env: ['PATH=/bin', 'HOME=/root', 'A=1', 'B=2', 'C=3'] }],
    [['', '   ', 'USER a'], { User: 'a' }],
  ])('%j', (changes, expected) => {
    expect(changed(...changes)).toEqual({ ...BASE, ...expected });
  });

  test('leaves the configuration that it is given as it was', () => {
    const before = structuredClone(BASE);
    changed('ENV A=1', 'LABEL x=y', 'CMD z');
    expect(BASE).toEqual(before);
  });
});

describe('is refused in one sentence:', () => {
  test.each([
    ['', 'file with no instructions: the changes given are empty'],
    ['# nothing', 'file with no instructions: the changes given are empty'],
    ['FROM busybox', 'FROM is not a valid change command'],
    ['RUN true', 'RUN is not a valid change command'],
    ['nonsense', 'nonsense is not a valid change command'],
    ['constructor x', 'constructor is not a valid change command'],
    ['ENV', 'Cannot apply the change: ENV requires at least one argument'],
    ['ENV A', 'Cannot apply the change: ENV must have two arguments'],
    ['ENV A=1 B', 'Cannot apply the change: Syntax error - can\'t find = in "B". Must be of the form: name=value'],
    ['ENV =x', 'Cannot apply the change: ENV names can not be blank'],
    [
      'ENV A="open',
      'Cannot apply the change: failed to process "\\"open": unexpected end of statement while looking for matching double-quote',
    ],
    [`ENV A=\${B`, `Cannot apply the change: failed to process "\${B": syntax error: missing '}'`],
    [`ENV A=\${B:?needed}`, `Cannot apply the change: failed to process "\${B:?needed}": B: needed`],
    ['EXPOSE eighty', 'Cannot apply the change: invalid containerPort: eighty'],
    ['EXPOSE 70000', 'Cannot apply the change: invalid containerPort: 70000'],
    ['LABEL', 'Cannot apply the change: LABEL requires at least one argument'],
    ['USER a b', 'Cannot apply the change: USER requires exactly one argument'],
    ['WORKDIR', 'Cannot apply the change: WORKDIR requires exactly one argument'],
    ['VOLUME', 'Cannot apply the change: VOLUME requires at least one argument'],
    ['VOLUME [" "]', 'Cannot apply the change: VOLUME specified can not be an empty string'],
    ['STOPSIGNAL SIGNOPE', 'Cannot apply the change: invalid signal: SIGNOPE'],
    ['SHELL /bin/sh', 'Cannot apply the change: SHELL requires the arguments to be in JSON form'],
    ['ONBUILD ONBUILD RUN x', "Cannot apply the change: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
    ['ONBUILD from x', "Cannot apply the change: FROM isn't allowed as an ONBUILD trigger"],
    ['HEALTHCHECK', 'Cannot apply the change: HEALTHCHECK requires at least one argument'],
    ['HEALTHCHECK RUN x', 'Cannot apply the change: unknown type "RUN" in HEALTHCHECK (try CMD)'],
    ['HEALTHCHECK CMD', 'Cannot apply the change: missing command after HEALTHCHECK CMD'],
    ['HEALTHCHECK --interval=x CMD y', 'Cannot apply the change: time: invalid duration "x"'],
    ['HEALTHCHECK --nope=1 CMD y', 'Cannot apply the change: unknown flag: --nope'],
  ])('%s', (change, said) => {
    expect(() => changed(change)).toThrow(expect.objectContaining({ code: 'ERR_CHANGE', message: said }));
  });
});
