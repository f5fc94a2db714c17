import { explainMiss } from '../../../../src/engine/build/explain-miss.ts';
import type { StepInputs } from '../../../../src/engine/build/model.ts';
import { digestOf } from '../../../../src/storage/digest.ts';

const BEFORE: StepInputs = {
  slot: 's',
  parent: digestOf('base'),
  instruction: 'RUN make',
  args: { A: '1', B: '2' },
  files: { a: '1', b: '1', c: '1' },
  mounts: ['type=cache,target=/c'],
};
const short = (text: string) => digestOf(text).slice(7, 19);

test.each<[string, Partial<StepInputs>]>([
  ['nothing that is remembered of it changed: its result was removed from the cache', {}],
  ['the instruction changed: it was "RUN make"', { instruction: 'RUN make all', args: {} }],
  ['the file "b" changed', { files: { a: '1', b: '2', c: '1' }, parent: digestOf('other') }],
  ['2 files changed, the first is "a"', { files: { c: '2', a: '2', b: '1' } }],
  ['the file "d" is new', { files: { a: '1', b: '1', c: '1', d: '1' } }],
  ['2 files are not there any more, the first is "a"', { files: { c: '1' } }],
  ['the variable A changed from "1" to "3"', { args: { A: '3', B: '2' } }],
  ['the variable B is not set any more: it was "2"', { args: { A: '1' } }],
  ['the variable C is new: "x"', { args: { A: '1', B: '2', C: 'x' } }],
  ['a mount changed from "type=cache,target=/c" to "type=tmpfs,target=/c"', { mounts: ['type=tmpfs,target=/c'] }],
  ['the mount "type=cache,target=/c" is not there any more', { mounts: [] }],
  [`what it is built on changed from ${short('base')} to ${short('other')}`, { parent: digestOf('other') }],
])('%s', (clause, change) => {
  expect(explainMiss({ ...BEFORE, ...change }, { key: digestOf('key'), inputs: BEFORE })).toBe(clause);
});

test('a long instruction is shown in part', () => {
  const last = { key: digestOf('key'), inputs: { ...BEFORE, instruction: `RUN ${'x'.repeat(500)}` } };
  expect(explainMiss(BEFORE, last)).toBe(`the instruction changed: it was "RUN ${'x'.repeat(56)}…"`);
});
