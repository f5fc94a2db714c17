// The kernel's lists of CPUs and memory nodes (cpuset(7), "List format"): `0-3,5`. Errors are plain: the caller adds which value it was.

/** The numbers in a list, ascending, each once; '' has none. Throws an Error in Docker's words. */
export function parseCpuList(text: string): number[] {
  const numbers = new Set<number>();
  for (const part of text.trim() === '' ? [] : text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part) ?? [];
    if (first === undefined || Number(last) < Number(first)) throw new Error(`invalid format: ${text}`);
    for (let number = Number(first); number <= Number(last); number++) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}
