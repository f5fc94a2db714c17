// Commands that take several names do all of them, print what worked, report what did not, and exit 1 if any failed - as Docker's.
// Several at once where that is asked for; what is printed comes in the order of the names all the same, each as soon as those before it are done.
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import type { Io } from './command.ts';
import { healing } from './healing.ts';
import { reportOf } from './report.ts';

export interface EachOptions {
  /** How many names are worked on side by side; default 1. */
  atOnce?: number;
  /** Whether the error is told without making the command fail. */
  isForgiven?: (error: EngineError) => boolean;
}

/** For verbs that mostly wait, as many as Docker's client takes on. */
export const MANY_AT_ONCE = 50;
/** For verbs that start processes. */
export const SOME_AT_ONCE = 8;

/** Runs `act` on each name; what it returns is printed as a line. */
export async function forEachName(
  { ctx, args, io }: { ctx: Ctx; args: readonly string[]; io: Io },
  act: (name: string) => Promise<string | undefined>,
  { atOnce = 1, isForgiven = () => false }: EachOptions = {},
): Promise<number> {
  let code = 0;
  const whole = (name: string): Promise<string | undefined> => healing(() => act(name), { ctx, say: (line) => io.err(line) });
  for await (const outcome of inOrder(args, whole, atOnce)) {
    if ('said' in outcome) {
      if (outcome.said !== undefined) io.out(`${outcome.said}\n`);
      continue;
    }
    const { error } = outcome;
    if (error instanceof EngineError && isForgiven(error)) {
      io.err(`skiff: ${error.message}\n`);
      continue;
    }
    io.err(reportOf(error, { debug: ctx.env.SKIFF_DEBUG === '1' }).text);
    code = 1;
  }
  return code;
}

type Outcome = { said: string | undefined } | { error: unknown };

async function* inOrder(
  names: readonly string[],
  act: (name: string) => Promise<string | undefined>,
  atOnce: number,
): AsyncGenerator<Outcome> {
  const settled = names.map(() => Promise.withResolvers<Outcome>());
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < names.length; at = next++) {
      const outcome = await act(names[at] ?? '').then(
        (said): Outcome => ({ said }),
        (error: unknown): Outcome => ({ error }),
      );
      settled[at]?.resolve(outcome);
    }
  };
  for (let worker = 0; worker < Math.min(atOnce, names.length); worker++) void work();
  for (const { promise } of settled) yield await promise;
}
