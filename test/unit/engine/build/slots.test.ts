import { createSlots } from '../../../../src/engine/build/slots.ts';

test('no more run at once than were allowed, the others in the order they came, also behind one that fails', async () => {
  const slots = createSlots(2);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const results = ends.map((end, index) =>
    slots.run(async () => {
      begun.push(index);
      most = Math.max(most, ++running);
      await end.promise;
      running--;
      if (index === 1) throw new Error('failed');
      return index;
    }),
  );
  const settled = Promise.allSettled(results);
  for (const end of [1, 0, 2, 3, 4]) {
    ends[end]?.resolve();
    await Bun.sleep(0);
  }
  expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect([begun, most]).toEqual([[0, 1, 2, 3, 4], 2]);
});

test('of none at all there is still one', async () => {
  expect(await createSlots(0).run(async () => 'ran')).toBe('ran');
});
