// Numbers that a seed repeats: which action comes when is then the same in every run, though not what the machine makes of it.

export interface Random {
  /** From 0 to 1, 1 excluded. */
  next(): number;
  /** A whole number below `bound`. */
  below(bound: number): number;
  pick<T>(choices: readonly T[]): T;
  chance(probability: number): boolean;
}

/** Mulberry32: 32 bits of state are plenty for a storm. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return { next, below, pick: (choices) => choices[below(choices.length)] as never, chance: (probability) => next() < probability };
}
