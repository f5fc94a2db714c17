import { datedHistory, goSpan, healthText, historyOfBase, quotedList, runText } from '../../../../src/engine/build/history.ts';

const at = (second: number): string => `2024-01-01T00:00:0${second}Z`;

describe('times of the history', () => {
  test('the first entries without a layer take the time of the next one, later ones of the layer before them', () => {
    const entries = [
      { created: at(1) },
      { created_by: 'ENV' },
      { created: at(3), created_by: 'COPY' },
      { created_by: 'A' },
      { created: at(4) },
      {},
    ];
    expect(datedHistory(entries).map(({ created }) => created)).toEqual([at(1), at(3), at(3), at(3), at(4), at(4)]);
  });

  test('before the first new layer it takes the time of that', () => {
    const entries = [{ created: at(1) }, { created_by: 'ARG' }, { created_by: 'ENV' }, { created: at(5), created_by: 'RUN' }];
    expect(datedHistory(entries).map(({ created }) => created)).toEqual([at(1), at(5), at(5), at(5)]);
  });

  test('without any new layer it takes that of the base, and without a base none', () => {
    expect(datedHistory([{ created: at(1) }, { created_by: 'ENV' }]).map(({ created }) => created)).toEqual([at(1), at(1)]);
    expect(datedHistory([{ created_by: 'ENV' }])).toEqual([{ created_by: 'ENV' }]);
  });

  test('a base that tells nothing of itself has a line for each layer, and is not changed', () => {
    const base = { architecture: 'amd64', os: 'linux', created: at(1), rootfs: { type: 'layers', diff_ids: ['a', 'b'] } };
    expect(historyOfBase(base)).toEqual([{ created: at(1) }, { created: at(1) }]);
    const told = { ...base, history: [{ created: at(2) }] };
    historyOfBase(told).push({});
    expect(told.history).toHaveLength(1);
  });
});

describe('words of the history', () => {
  test('RUN shows the ARGs declared so far, each once, with the values that they have', () => {
    const state = {
      buildArgs: [{ name: 'A', value: '1' }, { name: 'B' }, { name: 'A', value: '2' }],
      env: new Map([
        ['A', '3'],
        ['PATH', '/bin'],
      ]),
    };
    expect(runText(['/bin/sh', '-c', 'make'], state)).toBe('RUN |2 A=3 B= /bin/sh -c make # buildkit');
    expect(runText(['make'], { buildArgs: [], env: new Map() })).toBe('RUN make # buildkit');
  });

  test('lists are quoted as Go does', () => {
    expect(quotedList(['a', 'b "c"', '\n'])).toBe('["a" "b \\"c\\"" "\\n"]');
  });

  test.each<[number, string]>([
    [0, '0s'],
    [250e6, '250ms'],
    [1.5e9, '1.5s'],
    [90e9, '1m30s'],
    [3600e9, '1h0m0s'],
    [1e6, '1ms'],
  ])('%d nanoseconds are %s', (nanoseconds, text) => {
    expect(goSpan(nanoseconds)).toBe(text);
  });

  test('a health check shows all its fields', () => {
    expect(healthText({ Test: ['CMD', 'true'], Interval: 5e9 })).toBe(`&{["CMD" "true"] "5s" "0s" "0s" "0s" '\\x00'}`);
    expect([3, 10, 39, 65, 127].map((Retries) => /'.*'(?=\}$)/.exec(healthText({ Retries }))?.[0])).toEqual([
      `'\\x03'`,
      `'\\n'`,
      `'\\''`,
      `'A'`,
      `'\\x7f'`,
    ]);
  });
});
