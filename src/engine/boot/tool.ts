// Runs the machine's own tools (systemctl, loginctl, crontab), which may not be there.
import { existsSync } from 'node:fs';
import { childEnv } from '../../sys/child-env.ts';
import type { Ctx } from '../../sys/context.ts';

export interface ToolResult {
  /** 127: there is no such program. */
  code: number;
  stdout: string;
  /** What it said of a failure, on one line. */
  complaint: string;
}

/** Runs `command` to its end, with `input` on its standard input. */
export function runTool({ env }: Pick<Ctx, 'env'>, command: readonly string[], input = ''): ToolResult {
  const [name = '', ...args] = command;
  const program = Bun.which(name, { PATH: env.PATH ?? '' });
  if (!program) return { code: 127, stdout: '', complaint: `there is no "${name}" in PATH` };
  const done = Bun.spawnSync([program, ...args], {
    stdin: Buffer.from(input),
    env: { ...sessionVariables(), ...childEnv(env), LC_ALL: 'C' },
  });
  const complaint = done.stderr.toString().trim().split('\n').join('; ');
  return { code: done.exitCode, stdout: done.stdout.toString(), complaint: complaint || `"${name}" ended with ${done.exitCode}` };
}

// By `su` and `sudo` a shell comes without what leads to the user's manager.
function sessionVariables(): Record<string, string> {
  const folder = `/run/user/${process.getuid?.() ?? 0}`;
  return existsSync(folder) ? { XDG_RUNTIME_DIR: folder } : {};
}
