// `NAME=SOFT[:HARD]` ; -1 is unlimited. Errors are plain: the caller adds what it was.
import { ULIMIT_NAMES, type Ulimit } from '../../runtime/spec/rlimits.ts';

/** Throws an Error in Docker's words. */
export function parseUlimit(text: string): Ulimit {
  const [, Name = '', soft = '', hard] = /^([^=]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (Name === '') throw new Error(`invalid ulimit argument: ${text}`);
  if (!ULIMIT_NAMES.includes(Name)) throw new Error(`invalid ulimit type: ${Name}`);
  const [Soft, Hard] = [Number(soft), Number(hard ?? soft)];
  if (Hard !== -1 && (Soft === -1 || Soft > Hard)) {
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`);
  }
  return { Name, Soft, Hard };
}
