// A record that notes its uses: each adds a newline to the file, so its time is that of the last use and the newlines are the uses. One byte, no
// lock, no second file, and JSON does not mind.
import { closeSync, constants, openSync, readFileSync, statSync, utimesSync, writeSync } from 'node:fs';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';

/** Notes that the record at `path` was used now. One that is gone is passed over. */
export function noteUse(ctx: Pick<Ctx, 'now'>, path: string): void {
  try {
    const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND);
    try {
      writeSync(fd, '\n');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (['ENOSPC', 'EDQUOT'].includes(code)) utimesSync(path, ctx.now(), ctx.now());
    else if (code !== 'ENOENT') throw error;
  }
}

/** Undefined when it is missing or not JSON. */
export function readUsed(path: string): { value: unknown; lastUsedAt: Date; uses: number } | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const json = text.trimEnd();
    return { value: JSON.parse(json), lastUsedAt: statSync(path).mtime, uses: Math.max(1, text.length - json.length) };
  } catch {
    return undefined;
  }
}
