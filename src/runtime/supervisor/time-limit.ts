// A container's --timeout: so many seconds of a run, however many they are (setTimeout itself knows no more than 24 days).
const LONGEST_MS = 2 ** 31 - 1;

/** Calls `onOver` once `ms` have passed, unless what it returns was called before. */
export function timeLimit(ms: number, onOver: () => void): () => void {
  let left = ms;
  let timer: Timer;
  const wait = (): void => {
    if (left <= 0) {
      onOver();
      return;
    }
    const pause = Math.min(left, LONGEST_MS);
    left -= pause;
    timer = setTimeout(wait, pause);
  };
  wait();
  return () => clearTimeout(timer);
}
