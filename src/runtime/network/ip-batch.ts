// ip(8) of iproute2, fed with any number of lines in one call. It goes on after a line that fails (`-force`), since some may fail: what is to be
// made may be there. Which line failed is read from what it prints: the reason, then `Command failed -:LINE`.
import { childEnv } from '../../sys/child-env.ts';
import { requireProgram } from '../../sys/programs.ts';

export interface IpLine {
  /** As on ip's command line. */
  words: string;
  /** What it may say without harm; any failure is harmless where this is `any`. */
  mayFail?: RegExp | 'any';
}

export interface IpFailure {
  /** Undefined where ip gave up before it asked the kernel. */
  words: string | undefined;
  /** ip's own sentence, or the kernel's. */
  reason: string;
}

export interface IpSite {
  /** The argv prefix that enters the network namespace. */
  enter: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  onSpawn?: (pid: number) => void;
  /** Of rules and routes; default IPv4. A batch has one for all its lines. */
  family?: 6;
}

/** Runs the lines in order; the first failure that matters, or undefined. Throws ERR_NO_PROGRAM (125) where there is no ip. */
export async function ipBatch(lines: readonly IpLine[], { enter, env, onSpawn, family }: IpSite): Promise<IpFailure | undefined> {
  const child = Bun.spawn([...enter, ipProgram(env), ...(family ? ['-6'] : []), '-force', '-batch', '-'], {
    stdio: [Buffer.from(lines.map(({ words }) => `${words}\n`).join('')), 'ignore', 'pipe'],
    env: childEnv(env),
  });
  onSpawn?.(child.pid);
  const said = await new Response(child.stderr).text();
  const code = await child.exited;
  return code === 0 ? undefined : firstFailure(lines, said);
}

/** Its path. Throws ERR_NO_PROGRAM (125). */
export const ipProgram = (env: IpSite['env']): string => requireProgram(env, 'ip', 'which connects containers to networks');

/** The first failure in `said` that matters. */
export function firstFailure(lines: readonly IpLine[], said: string): IpFailure | undefined {
  let reason: string[] = [];
  for (const line of said.split('\n').filter((text) => text.trim() !== '')) {
    const failed = /^Command failed \S*:(\d+)$/.exec(line)?.[1];
    if (failed === undefined) {
      reason.push(line);
      continue;
    }
    const { words, mayFail } = lines[Number(failed) - 1] ?? { words: undefined };
    const sentence = reason.join('; ');
    if (mayFail !== 'any' && !mayFail?.test(sentence)) return { words, reason: sentence || 'it failed without a word' };
    reason = [];
  }
  return reason.length > 0 ? { words: undefined, reason: reason.join('; ') } : undefined;
}
