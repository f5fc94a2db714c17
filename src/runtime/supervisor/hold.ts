// Rest for the container's processes while somebody reads its files. It lasts as long as the connection of who asked: were it only undone by
// a second request, a reader that is killed would leave the container frozen for ever. Several readers share one pause.
import type { Controlled } from './control.ts';

/** Pauses, unless another reader has done so; resolves to what lets go again, which may be called twice. Throws what `pause` throws. */
export type Hold = () => Promise<() => void>;

export function createHold(controlled: Pick<Controlled, 'pause' | 'unpause'>): Hold {
  let readers = 0;
  let paused: Promise<symbol> | undefined;

  return async () => {
    readers++;
    paused ??= controlled.pause();
    let mark: symbol;
    try {
      mark = await paused;
    } catch (error) {
      leave();
      throw error;
    }
    let isHeld = true;
    return () => {
      if (isHeld && leave()) goOn(mark);
      isHeld = false;
    };
  };

  /** Whether nobody reads any more. */
  function leave(): boolean {
    if (--readers === 0) paused = undefined;
    return readers === 0;
  }

  function goOn(mark: symbol): void {
    try {
      controlled.unpause(mark);
    } catch {
      // It ended, or the user has let it go on already, and perhaps paused it anew.
    }
  }
}
