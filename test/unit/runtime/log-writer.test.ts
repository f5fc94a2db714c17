import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogWriter } from '../../../src/runtime/log-writer.ts';

const NOW = Date.UTC(2024, 0, 2, 3, 4, 5, 670);
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-writer-'));
  path = join(folder, 'log');
});
afterEach(() => rmSync(folder, { recursive: true }));

const logged = (file = path): { log: string; stream: string; time: string }[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Feeds `chunks` to one stream and returns the `log` texts. */
function texts(...chunks: (string | Uint8Array)[]): string[] {
  const writer = openLogWriter(path);
  for (const chunk of chunks) writer.write('stdout', typeof chunk === 'string' ? Buffer.from(chunk) : chunk, NOW);
  writer.close(NOW);
  return logged().map((entry) => entry.log);
}

test('a line becomes one entry in the bytes of Docker’s json-file', () => {
  texts('hello\n');
  expect(readFileSync(path, 'utf8')).toBe('{"log":"hello\\n","stream":"stdout","time":"2024-01-02T03:04:05.67Z"}\n');
});

test.each([
  ['several lines of one chunk', ['a\nb\n\nc\n'], ['a\n', 'b\n', '\n', 'c\n']],
  ['a line that arrives in pieces', ['a', 'b', 'c\nd', '\n'], ['abc\n', 'd\n']],
  ['what is left at the end keeps its missing newline', ['a\nb'], ['a\n', 'b']],
  ['quotes and control characters', ['say "x"\t\u001b[1m\r\n'], ['say "x"\t\u001b[1m\r\n']],
  ['a backslash before an n is not a newline', ['C:\\new\nx\\\n'], ['C:\\new\n', 'x\\\n']],
  ['a backslash beside a delete character', ['\\n\x7f\n\x7f\\\n'], ['\\n\x7f\n', '\x7f\\\n']],
  ['a delete character alone', ['a\x7fb\n'], ['a\x7fb\n']],
  ['a character split between two chunks', [Buffer.from([0xc3]), Buffer.from([0xa9, 0x0a])], ['é\n']],
  ['bytes that are not UTF-8', [Buffer.from([0x61, 0xff, 0xc3, 0x0a])], ['a\ufffd\ufffd\n']],
  ['an empty chunk', [''], []],
])('%s', (_, chunks, expected) => {
  expect(texts(...chunks)).toEqual(expected);
});

test('every byte there is, in lines of all kinds, comes back', () => {
  const lines = [
    Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join(''),
    'ünïcödé 🎉 without anything to escape',
    '{"json": ["with", "quotes", 1]}',
    '',
    'plain',
  ];
  const text = `${lines.join('\n').repeat(500)}\n`;
  expect(texts(text).join('')).toBe(text);
  expect(texts(`${'\n'.repeat(70_000)}"\n`).length).toBe(lines.join('\n').split('\n').length * 500 - 499 + 70_001);
});

test('entries carry attributes in Docker’s place', () => {
  const writer = openLogWriter(path, { attrs: { tag: 'a "b"' } });
  writer.write('stderr', Buffer.from('x\n'), NOW);
  writer.close(NOW);
  expect(readFileSync(path, 'utf8')).toBe(
    '{"log":"x\\n","stream":"stderr","attrs":{"tag":"a \\"b\\""},"time":"2024-01-02T03:04:05.67Z"}\n',
  );
});

test.each([
  ['a line of exactly 16 KiB stays whole', 'x'.repeat(16384), [16385]],
  ['a longer line is cut at 16 KiB', 'x'.repeat(16384 * 2 + 10), [16384, 16384, 11]],
  ['a longer line is cut before a character that does not fit', `${'x'.repeat(16383)}é${'y'.repeat(5)}`, [16383, 8]],
])('%s', (_, line, lengths) => {
  const parts = texts('before\n', `${line}\nafter\n`);
  expect(parts.join('')).toBe(`before\n${line}\nafter\n`);
  expect(parts.slice(1, -1).map((part) => Buffer.byteLength(part))).toEqual(lengths);
});

test('a long line in many small chunks is cut at the same places', () => {
  const line = 'xyz'.repeat(20_000);
  const chunks = (`${line}\n`.match(/.{1,777}|\n/gs) ?? []).flatMap((part) => [part]);
  const parts = texts(...chunks);
  expect(parts.join('')).toBe(`${line}\n`);
  expect(parts.map((part) => part.length)).toEqual([16384, 16384, 16384, 10849]);
});

test('unfinished lines of both streams are kept apart', () => {
  const writer = openLogWriter(path);
  writer.write('stdout', Buffer.from('out'), NOW);
  writer.write('stderr', Buffer.from('err\n'), NOW);
  writer.write('stdout', Buffer.from('!\n'), NOW);
  writer.close(NOW);
  expect(logged().map(({ log, stream }) => [stream, log])).toEqual([
    ['stderr', 'err\n'],
    ['stdout', 'out!\n'],
  ]);
});

test('whole lines are on disk before close', () => {
  const writer = openLogWriter(path);
  writer.write('stdout', Buffer.from('a\nb'), NOW);
  expect(logged().map((entry) => entry.log)).toEqual(['a\n']);
  writer.close(NOW);
});

test('rotation happens between entries, keeps the given number of files, and loses nothing before the oldest', () => {
  const writer = openLogWriter(path, { maxSizeBytes: 300, maxFiles: 3 });
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
  writer.write('stdout', Buffer.from(lines.slice(0, 10).join('')), NOW);
  for (const line of lines.slice(10)) writer.write('stdout', Buffer.from(line), NOW);
  writer.close(NOW);
  const kept = [`${path}.2`, `${path}.1`, path].flatMap((file) => logged(file).map((entry) => entry.log));
  expect(kept).toEqual(lines.slice(-kept.length));
  expect(kept.length).toBeGreaterThan(8);
  expect(existsSync(`${path}.3`)).toBe(false);
  // Docker's rule: a file is rotated once it has reached the size, so it exceeds it by less than one entry.
  for (const file of [`${path}.2`, `${path}.1`]) {
    expect(statSync(file).size).toBeGreaterThanOrEqual(300);
    expect(statSync(file).size).toBeLessThan(400);
  }
});

test('with one file the log starts over', () => {
  const writer = openLogWriter(path, { maxSizeBytes: 100, maxFiles: 1 });
  for (const line of ['a\n', 'b\n', 'c\n']) writer.write('stdout', Buffer.from(line), NOW);
  writer.close(NOW);
  expect(logged().map((entry) => entry.log)).toEqual(['c\n']);
  expect(existsSync(`${path}.1`)).toBe(false);
});

test('a log torn by a crash is continued on a line of its own', () => {
  writeFileSync(path, '{"log":"torn');
  expect(() => texts('next\n')).toThrow();
  expect(readFileSync(path, 'utf8').split('\n')[1]).toContain('"next\\n"');
});

test('an existing log is appended to', () => {
  texts('first\n');
  expect(texts('second\n')).toEqual(['first\n', 'second\n']);
});
