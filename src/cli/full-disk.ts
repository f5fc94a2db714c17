// Whether a command has failed for want of room on a disk, which costs the user the trash. Trap: the kernel has one word, ENOSPC, for other things
// that come to an end too: namespaces, watches, cgroups, the CPUs of a cpuset. No room on a disk helps there.
import { EngineError, errnoOf, isDiskFull, messageOf } from '../sys/errors.ts';

const OTHER_LIMITS = /\b(?:unshare|clone|setns|namespaces?|netns|userns|cgroups?|cpuset\S*|watch(?:es|ers?)?|inotify\S*)\b/i;

/** Some tell of it as a sentence, whose cause is lost between two processes. */
export function meetsFullDisk(error: unknown): boolean {
  if (errnoOf(error) === 'EDQUOT') return true;
  const isTold = error instanceof EngineError && (error.code === 'ERR_NO_SPACE' || /no space left on (?:the )?device/i.test(error.message));
  return (isTold || isDiskFull(error)) && !OTHER_LIMITS.test(withoutPaths(messageOf(error)));
}

/** A file may be called as it likes. */
const withoutPaths = (message: string): string => message.replace(/"[^"]*"|'[^']*'|\S*\/\S*/g, '');
