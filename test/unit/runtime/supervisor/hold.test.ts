import { createHold } from '../../../../src/runtime/supervisor/hold.ts';

function container(failure?: Error) {
  const calls: string[] = [];
  const marks: symbol[] = [];
  const pause = async (): Promise<symbol> => {
    calls.push('pause');
    await Bun.sleep(1);
    if (failure) throw failure;
    return marks[marks.push(Symbol('pause')) - 1] as symbol;
  };
  const unpause = (mark?: symbol): void => {
    calls.push(mark === marks.at(-1) ? 'unpause' : 'unpause another');
  };
  return { calls, hold: createHold({ pause, unpause }) };
}

test('several readers share one pause, which ends with the last of them', async () => {
  const { calls, hold } = container();
  const [one, other] = await Promise.all([hold(), hold()]);
  one();
  one();
  expect(calls).toEqual(['pause']);
  other();
  expect(calls).toEqual(['pause', 'unpause']);
  (await hold())();
  expect(calls).toEqual(['pause', 'unpause', 'pause', 'unpause']);
});

test('a pause that fails is told to every reader, and tried anew by the next', async () => {
  const { calls, hold } = container(new Error('no cgroup'));
  const settled = await Promise.allSettled([hold(), hold()]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(hold()).rejects.toThrow('no cgroup');
  expect(calls).toEqual(['pause', 'pause']);
});

test('a container that was let go on meanwhile is no error', async () => {
  const hold = createHold({
    pause: async () => Symbol('pause'),
    unpause: () => {
      throw new Error('not paused');
    },
  });
  const letGo = await hold();
  expect(letGo).not.toThrow();
});
