// The repair that runs by itself: of the objects that an error names, once in a command's life for each of them, and told of in one line.
import { healObjects } from '../engine/system-check.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';

/** Their output may be on its way already: they are to be given again by hand. */
const NOT_REPEATED = new Set(['save', 'export', 'cp']);
const tried = new Set<string>();

/** Whether what `error` tells of has been put right, so that the command is worth another try. Throws nothing. */
export async function heal(
  ctx: Ctx,
  error: EngineError,
  { command, say }: { command: string; say: (line: string) => void },
): Promise<boolean> {
  const suspects = digestsIn(error.message).filter((digest) => !tried.has(digest));
  for (const digest of suspects) tried.add(digest);
  if (suspects.length === 0) return false;
  try {
    // What unpacking has to say was said by the pull.
    const { lines, problems } = await healObjects({ ...ctx, warn: () => {} }, suspects);
    for (const problem of problems) say(`skiff: ${problem}\n`);
    if (lines.length === 0 || problems.length > 0) return false;
    const [first] = lines;
    const more = lines.length > 1 ? `, and ${lines.length - 1} more` : '';
    const isRepeated = !NOT_REPEATED.has(command);
    say(`skiff: ${first?.object}: ${first?.what}, and is ${first?.repaired} now${more}${isRepeated ? '' : ': give the command again'}\n`);
    return isRepeated;
  } catch (cause) {
    if (cause instanceof EngineError) return false;
    throw cause;
  }
}

/** Digests, and folders of layers, that a sentence names. */
function digestsIn(message: string): string[] {
  const found = message.matchAll(/(?:sha256:|\/layers\/)([0-9a-f]{64})/g);
  return [...new Set([...found].map(([, hex]) => `sha256:${hex}`))];
}
