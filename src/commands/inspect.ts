// `skiff inspect`: all that is known of containers and images. What is found is shown even when some names are not.
import { Command, flag, type Io, type Parsed } from '../cli/command.ts';
import { healing } from '../cli/healing.ts';
import { type Inspected, inspectObject, type ObjectType } from '../engine/inspect.ts';
import { renderObjects } from '../render/inspect.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';

const TYPES: readonly ObjectType[] = ['container', 'image'];

export const inspectFlags = {
  format: flag.string({ char: 'f', description: "Format output: 'json', or a Go template" }),
  size: flag.boolean({ char: 's', description: 'Display total file sizes if the type is container' }),
};

export default class Inspect extends Command {
  static override description = 'Return low-level information on containers and images';
  static override usage = 'inspect [OPTIONS] NAME|ID [NAME|ID...]';
  static override examples = ['skiff inspect web', "skiff inspect -f '{{.State.Status}}' web", 'skiff inspect --type image debian'];
  static override minArgs = 1;
  static override flags = {
    ...inspectFlags,
    type: flag.string({ description: 'Only inspect objects of the given type' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Inspect.flags>): Promise<number | undefined> {
    const type = TYPES.find((known) => known === flags.type);
    if (flags.type && !type) {
      throw new EngineError(
        'ERR_BAD_OPTION',
        `unknown type: "${flags.type}": must be one of ${TYPES.map((known) => `"${known}"`).join(', ')}`,
      );
    }
    return inspectAll(ctx, io, { ...flags, names: args, type });
  }
}

/** Prints the objects called `names`, then what was wrong with the others. Returns the exit code. */
export async function inspectAll(
  ctx: Ctx,
  io: Io,
  {
    names,
    format,
    look = async (name) => inspectObject(ctx, name, options),
    ...options
  }: {
    names: readonly string[];
    type?: ObjectType | undefined;
    size?: boolean;
    format?: string | undefined;
    platform?: string | undefined;
    /** Finds one; in the store when left out. */
    look?: (name: string) => Promise<Inspected>;
  },
): Promise<number> {
  const found: Inspected[] = [];
  const problems: EngineError[] = [];
  for (const name of names) {
    try {
      found.push(await healing(() => look(name), { ctx, say: (line) => io.err(line) }));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      problems.push(error);
    }
  }
  io.out(await renderObjects(found, format));
  for (const { message, hint } of problems) io.err(`Error: ${message}\n${hint ? `${hint}\n` : ''}`);
  return problems.length > 0 ? 1 : 0;
}
