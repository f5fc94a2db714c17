import { keepRunLimits } from '../../../../src/runtime/supervisor/run-limits.ts';
import type { HostConfig } from '../../../../src/storage/records.ts';

const config = (Memory: number): HostConfig => ({ Memory }) as HostConfig;

function limits(failure?: Error) {
  const changes: [number, number][] = [];
  const warnings: string[] = [];
  const change = async ({ before, after }: { before: HostConfig; after: HostConfig }): Promise<void> => {
    changes.push([before.Memory, after.Memory]);
    if (failure) throw failure;
  };
  const kept = keepRunLimits({ path: undefined, onOomKill: () => undefined, change, warn: (text) => void warnings.push(text) });
  return { changes, warnings, kept };
}

test('a run that begins with what the record says changes nothing', async () => {
  const { changes, kept } = limits();
  kept.begin(config(64));
  await kept.follow(config(64));
  expect(changes).toEqual([]);
});

test('what was changed while a run began is written once', async () => {
  const { changes, kept } = limits();
  kept.begin(config(64));
  await kept.follow(config(32));
  await kept.follow(config(32));
  expect(changes).toEqual([[64, 32]]);
});

test('a limit that was taken away between two runs is taken from the cgroup, which has it still', async () => {
  const { changes, kept } = limits();
  kept.begin(config(64));
  kept.end();
  kept.begin(config(0));
  await kept.follow(config(0));
  expect(changes).toEqual([[64, 0]]);
});

test('what the kernel refuses is said, and does not end the container', async () => {
  const { warnings, kept } = limits(new Error('failed to write to memory.max: EBUSY'));
  kept.begin(config(64));
  await kept.follow(config(32));
  expect(warnings).toEqual(['The limits could not be changed: failed to write to memory.max: EBUSY']);
});
