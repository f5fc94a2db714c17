// What a mount shows of a context that has ignore rules: over the folder lies another one with whiteouts where something is ignored, so that nothing
// has to be copied. A folder that is ignored but for some of what is in it is gone through; one that may hold nothing else is hidden as a whole.
import { mkdirSync, openSync } from 'node:fs';
import { copyAttributes } from '../../../storage/tree-copy.ts';
import { closeFd, makeFolderAt, makeNodeAt, openFolderAt } from '../../../sys/at.ts';
import { errnoOf } from '../../../sys/errors.ts';
import { namesAt, S_IFCHR, S_IFDIR, S_IFMT, statAt } from '../../../sys/read-at.ts';
import { ignoreMatcher, type Matcher, type Verdict } from '../context/patterns.ts';

export interface Masking {
  folder: string;
  ignore: { file: string; patterns: string[] };
  /** Where the mask is made; not there yet. */
  mask: string;
  onPause: () => Promise<void>;
}

const LONGEST_HOLD_MS = 50;

/** Makes the mask; false when nothing in the folder is ignored. Throws ERR_BAD_PATTERN. */
export async function maskContext({ folder, ignore, mask, onPause }: Masking): Promise<boolean> {
  const matcher = ignoreMatcher(ignore);
  mkdirSync(mask, { recursive: true, mode: 0o755 });
  const [from, to] = [openSync(folder, 'r'), openSync(mask, 'r')];
  let pausedMs = performance.now();
  try {
    const isMasked = await walk({ from, to: () => to, path: '', verdict: undefined });
    copyAttributes(from, to);
    return isMasked;
  } finally {
    closeFd(from);
    closeFd(to);
  }

  async function walk(at: Place): Promise<boolean> {
    let isMasked = false;
    for (const name of namesAt(at.from, '')) {
      if (await look(at, name)) isMasked = true;
      if (performance.now() - pausedMs < LONGEST_HOLD_MS) continue;
      await onPause();
      pausedMs = performance.now();
    }
    return isMasked;
  }

  async function look(at: Place, name: string): Promise<boolean> {
    const path = at.path === '' ? name : `${at.path}/${name}`;
    const verdict = matcher.look(path, at.verdict);
    const isFolder = ((statAt(at.from, name)?.mode ?? 0) & S_IFMT) === S_IFDIR;
    if (verdict.isMatched && !(isFolder && matcher.mayTakeBack(path) && showsSome(matcher, { folder: at.from, name, path, verdict }))) {
      makeNodeAt(at.to(), name, S_IFCHR, 0);
      return true;
    }
    return isFolder && (verdict.isMatched || matcher.mayHold(path)) && goInto(at, { name, path, verdict });
  }

  async function goInto(at: Place, { name, path, verdict }: { name: string; path: string; verdict: Verdict }): Promise<boolean> {
    const from = openFolderAt(at.from, name);
    let made: number | undefined;
    const to = (): number => {
      if (made === undefined) {
        makeFolderAt(at.to(), name, 0o755);
        made = openFolderAt(at.to(), name);
      }
      return made;
    };
    try {
      const isMasked = await walk({ from, to, path, verdict });
      if (made !== undefined) copyAttributes(from, made);
      return isMasked;
    } catch (error) {
      // A folder that its owner may not read holds nothing that the build could see.
      if (errnoOf(error) !== 'EACCES') throw error;
      return false;
    } finally {
      closeFd(from);
      if (made !== undefined) closeFd(made);
    }
  }
}

interface Place {
  from: number;
  /** The folder of the mask, made when something has to go into it. */
  to: () => number;
  path: string;
  verdict: Verdict | undefined;
}

/** Whether an exception takes something back that is in an ignored folder: else it is not there itself. */
function showsSome(
  matcher: Matcher,
  { folder, name, path, verdict }: { folder: number; name: string; path: string; verdict: Verdict },
): boolean {
  const from = openFolderAt(folder, name);
  try {
    return namesAt(from, '').some((inside) => {
      const below = `${path}/${inside}`;
      const told = matcher.look(below, verdict);
      if (!told.isMatched) return true;
      const isFolder = ((statAt(from, inside)?.mode ?? 0) & S_IFMT) === S_IFDIR;
      return isFolder && matcher.mayTakeBack(below) && showsSome(matcher, { folder: from, name: inside, path: below, verdict: told });
    });
  } finally {
    closeFd(from);
  }
}
