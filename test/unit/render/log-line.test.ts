import { type LogLine, renderLogLines } from '../../../src/render/log-line.ts';

const line = (log: string, stream = 'stdout', time = '2024-01-02T03:04:05.6Z'): LogLine => ({ log, stream, time });
const PLAIN = { timestamps: false, details: false };

test('neighbours of one stream go together, in order', () => {
  expect(renderLogLines([line('a\n'), line('b\n'), line('c\n', 'stderr'), line('d')], PLAIN)).toEqual([
    { stream: 'stdout', text: 'a\nb\n' },
    { stream: 'stderr', text: 'c\n' },
    { stream: 'stdout', text: 'd' },
  ]);
});

test.each([
  [{ timestamps: true, details: false }, line('a\n'), '2024-01-02T03:04:05.600000000Z a\n'],
  [{ timestamps: true, details: false }, line('a\n', 'stdout', '2024-01-02T03:04:05Z'), '2024-01-02T03:04:05.000000000Z a\n'],
  [{ timestamps: false, details: true }, line('a\n'), ' a\n'],
  [{ timestamps: false, details: true }, { ...line('a\n'), attrs: { b: '2 3', a: '1' } }, 'a=1,b=2+3 a\n'],
  [{ timestamps: true, details: true }, line('a\n'), '2024-01-02T03:04:05.600000000Z  a\n'],
])('with %j', (options, entry, expected) => {
  expect(renderLogLines([entry], options)).toEqual([{ stream: 'stdout', text: expected }]);
});
