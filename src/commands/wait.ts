// `skiff wait`
import { Command, flag, type Parsed } from '../cli/command.ts';
import { forEachName, MANY_AT_ONCE } from '../cli/each.ts';
import { WAIT_CONDITIONS, waitContainer } from '../engine/wait.ts';

function condition(text: string): (typeof WAIT_CONDITIONS)[number] {
  const found = WAIT_CONDITIONS.find((known) => known === text);
  if (found) return found;
  throw new Error(`must be one of ${WAIT_CONDITIONS.map((known) => `"${known}"`).join(', ')}`);
}

export default class Wait extends Command {
  static override description = 'Block until one or more containers stop, then print their exit codes';
  static override usage = 'wait [OPTIONS] CONTAINER [CONTAINER...]';
  static override aliases = ['container:wait'];
  static override examples = ['skiff wait job', 'skiff wait --condition healthy web', 'skiff wait --condition removed job'];
  static override minArgs = 1;
  static override flags = {
    condition: flag.custom({
      description: `What to wait for (${WAIT_CONDITIONS.join(', ')})`,
      default: 'not-running' as const,
      parse: condition,
    }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Wait.flags>): Promise<number | undefined> {
    return forEachName({ ctx, args, io }, async (name) => String(await waitContainer(ctx, name, flags.condition)), {
      atOnce: MANY_AT_ONCE,
    });
  }
}
