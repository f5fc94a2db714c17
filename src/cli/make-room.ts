// What is done about a full disk: the trash goes, for good, else the build cache, and the command is tried once more, unless it has used up its input or
// has printed already. Trap: what writes elsewhere (`save -o`) may meet the end of another disk, which is no reason to delete anything here.
import { statfsSync } from 'node:fs';
import { pruneBuildCache } from '../engine/build-cache.ts';
import { emptyTrash } from '../engine/trash.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';

export interface MakeRoomOptions {
  command: string;
  words: readonly string[];
  say: (line: string) => void;
}

/** They write the user's files. */
const WRITES_ELSEWHERE = new Set(['save', 'export', 'cp', 'volume:export']);
/** Writes the user's files or the store's, or both. */
const COPIES_ANYWHERE = 'image:copy';
/** Where less is left than this, the store's own disk is the one that is full. */
const FULL_BYTES = 16 << 20;

/** Whether the command is worth another try. Throws nothing that is skiff's. */
export async function makeRoom(ctx: Ctx, { command, words, say }: MakeRoomOptions): Promise<boolean> {
  if ((WRITES_ELSEWHERE.has(command) || command === COPIES_ANYWHERE) && freeBytes(ctx) > FULL_BYTES) return false;
  const what = (await emptiedTrash(ctx)) ?? (await emptiedCache(ctx));
  if (what === undefined) return false;
  const repeats = !isUsedUp(command, words);
  say(`skiff: The disk is full: ${what}${repeats ? '' : '; give the command again'}\n`);
  return repeats;
}

async function emptiedTrash(ctx: Ctx): Promise<string | undefined> {
  const volumes = await orNone(() => emptyTrash(ctx));
  if (volumes === 0) return undefined;
  return `${volumes === 1 ? 'the removed volume' : `the ${volumes} removed volumes`} in the trash had to go for good`;
}

/** What this very command added stays: a build that is tried again goes on from there. */
async function emptiedCache(ctx: Ctx): Promise<string | undefined> {
  const before = ctx.now().getTime() - Math.ceil(performance.now());
  const filter = { conditions: [], before };
  const bytes = await orNone(async () => (await pruneBuildCache(ctx, { all: false, filter })).bytes);
  return bytes === 0 ? undefined : 'what earlier builds left in the build cache had to go';
}

async function orNone(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineError) return 0;
    throw error;
  }
}

/** What came on standard input is read, what was printed is printed, and a container that could not be started is there. */
function isUsedUp(command: string, words: readonly string[]): boolean {
  if (command === 'run' || WRITES_ELSEWHERE.has(command)) return true;
  if (command === 'load') return !words.some((word) => /^(?:-i|--input)/.test(word));
  return words.includes('-') || (command === 'volume:import' && words.filter((word) => !word.startsWith('-')).length < 2);
}

function freeBytes(ctx: Ctx): number {
  const { bavail, bsize } = statfsSync(ctx.paths.data);
  return bavail * bsize;
}
