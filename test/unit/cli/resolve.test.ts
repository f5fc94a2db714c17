import { type CommandTable, resolveCommand } from '../../../src/cli/resolve.ts';
import { usageOf } from '../../../src/cli/usage.ts';
import { suggest } from '../../../src/engine/suggest.ts';

const load = () => Promise.reject(new Error('not loaded in this test'));
const table: CommandTable = {
  ps: { id: 'ps', load },
  'container:ls': { id: 'ps', load },
  'image:inspect': { id: 'image:inspect', load },
  inspect: { id: 'inspect', load },
};

describe('the command that the words name', () => {
  it.each([
    [['ps', '-a'], 'ps', 'ps', ['-a']],
    [['container', 'ls', 'x'], 'ps', 'container ls', ['x']],
    [['image', 'inspect', 'a'], 'image:inspect', 'image inspect', ['a']],
    [['inspect', 'inspect'], 'inspect', 'inspect', ['inspect']],
  ])('%j', (words, id, name, rest) => {
    expect(resolveCommand(table, words)).toEqual({ kind: 'command', entry: { id, load }, name, rest });
  });

  it('is a topic when only its first word is known', () => {
    expect(resolveCommand(table, ['container', 'foo'])).toEqual({ kind: 'topic', topic: 'container', rest: ['foo'] });
  });

  it.each([['foo'], ['container:ls'], ['toString'], ['contain']])('is unknown: %s', (word) => {
    expect(resolveCommand(table, [word])).toEqual({ kind: 'unknown', name: word });
  });
});

describe('a suggestion for a mistyped word', () => {
  it.each([
    ['imgaes', 'images'],
    ['sp', 'ps'],
    ['imags', 'images'],
    ['xyz', undefined],
    ['compose', undefined],
  ])('%s → %s', (word, expected) => {
    expect(suggest(word, ['ps', 'images', 'inspect', 'run'])).toBe(expected);
  });
});

describe('the usage line', () => {
  it.each([
    ['ps [OPTIONS]', 'ps', 'ps', 'skiff ps [OPTIONS]'],
    ['ps [OPTIONS]', 'ps', 'container ls', 'skiff container ls [OPTIONS]'],
    ['image inspect IMAGE', 'image:inspect', 'image inspect', 'skiff image inspect IMAGE'],
    ['', 'ps', 'ps', 'skiff ps'],
  ])('of "%s" (%s) called as %s', (usage, id, name, expected) => {
    expect(usageOf(usage, id, name)).toBe(expected);
  });
});
