// Commands that take several names do each, print what worked, report what did not, and exit 1 if any failed - as Docker's.
import type { Ctx } from '../sys/context.ts';
import type { Io } from './command.ts';
import { BrokenPipe } from './io.ts';
import { reportOf } from './report.ts';

/** Runs `act` on each name in turn; what it returns is printed as a line. */
export async function forEachName(
  { ctx, args, io }: { ctx: Ctx; args: readonly string[]; io: Io },
  act: (name: string) => Promise<string | undefined>,
): Promise<number> {
  let code = 0;
  for (const name of args) {
    try {
      const said = await act(name);
      if (said !== undefined) io.out(`${said}\n`);
    } catch (error) {
      if (error instanceof BrokenPipe) throw error;
      io.err(reportOf(error, { debug: ctx.env.SKIFF_DEBUG === '1' }).text);
      code = 1;
    }
  }
  return code;
}
