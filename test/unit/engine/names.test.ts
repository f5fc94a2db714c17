import { randomName } from '../../../src/engine/names.ts';

test('a name is a mood and a person, and a valid container name', () => {
  for (let index = 0; index < 200; index++) expect(randomName()).toMatch(/^[a-z]+_[a-z]+$/);
});

test('later tries end in a digit', () => {
  expect(randomName(1)).toMatch(/^[a-z]+_[a-z]+\d$/);
});

test('the choice is the picker’s', () => {
  const first = randomName(0, () => 0);
  expect(randomName(0, () => 0)).toBe(first);
  expect(randomName(0, (count) => count - 1)).not.toBe(first);
});

test('there are thousands of names', () => {
  const counts: number[] = [];
  randomName(0, (count) => {
    counts.push(count);
    return 0;
  });
  expect(counts.reduce((product, count) => product * count, 1)).toBeGreaterThan(5000);
});
