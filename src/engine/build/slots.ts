// As many steps at once as were allowed (`--jobs`), the others in the order they came.
import type { BuildSite } from './model.ts';

export function createSlots(count: number): BuildSite['slots'] {
  let free = Math.max(1, count);
  const waiting: (() => void)[] = [];
  return {
    async run(work) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free++;
      }
    },
  };
}
