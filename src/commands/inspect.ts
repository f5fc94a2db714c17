// `skiff inspect`: all that is known of containers, images, networks and volumes. What is found is shown even when some names are not.
import { Command, flag, type Io, type Parsed } from '../cli/command.ts';
import { healing } from '../cli/healing.ts';
import { inspectObject, type ObjectType } from '../engine/inspect.ts';
import { type InspectedObject, renderObjects } from '../render/inspect.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';

const TYPES = ['container', 'image', 'network', 'volume'] as const;

export const inspectFlags = {
  format: flag.string({ char: 'f', description: "Format output: 'json', or a Go template" }),
  size: flag.boolean({ char: 's', description: 'Display total file sizes if the type is container' }),
};

export default class Inspect extends Command {
  static override description = 'Return low-level information on containers, images, networks and volumes';
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
    const { size, format } = flags;
    return inspectAll(ctx, io, { names: args, format, look: (name) => look(ctx, name, { type, size }) });
  }
}

type Type = (typeof TYPES)[number];

/** A container or an image, else a network, else a volume. Throws as `inspectObject`, and ERR_NO_SUCH_NETWORK or _VOLUME where only that will do. */
async function look(ctx: Ctx, name: string, { type, size }: { type: Type | undefined; size: boolean }): Promise<InspectedObject> {
  if (type === 'container' || type === 'image') return inspectObject(ctx, name, { type, size });
  const network = async (): Promise<InspectedObject> => {
    const { inspectNetwork } = await import('../engine/networks.ts');
    return { type: 'network', ...inspectNetwork(ctx, name) };
  };
  const volume = async (): Promise<InspectedObject> => {
    const { findVolume } = await import('../engine/volume.ts');
    return { type: 'volume', ...findVolume(ctx, name) };
  };
  if (type === 'network') return network();
  if (type === 'volume') return volume();
  try {
    return inspectObject(ctx, name, { size });
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'ERR_NO_SUCH_OBJECT') throw error;
    for (const other of [network, volume]) {
      const found = await orNothing(other);
      if (found) return found;
    }
    throw error;
  }
}

async function orNothing(find: () => Promise<InspectedObject>): Promise<InspectedObject | undefined> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof EngineError && /^ERR_NO_SUCH_(?:NETWORK|VOLUME)$/.test(error.code)) return undefined;
    throw error;
  }
}

/** Prints the objects called `names`, then what was wrong with the others. Returns the exit code. */
export async function inspectAll(
  ctx: Ctx,
  io: Io,
  {
    names,
    format,
    look: lookUp = async (name) => inspectObject(ctx, name, options),
    ...options
  }: {
    names: readonly string[];
    type?: ObjectType | undefined;
    size?: boolean;
    format?: string | undefined;
    platform?: string | undefined;
    /** Finds one; in the store when left out. */
    look?: (name: string) => Promise<InspectedObject>;
  },
): Promise<number> {
  const found: InspectedObject[] = [];
  const problems: EngineError[] = [];
  for (const name of names) {
    try {
      found.push(await healing(() => lookUp(name), { ctx, say: (line) => io.err(line) }));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      problems.push(error);
    }
  }
  io.out(await renderObjects(found, format));
  for (const { message, hint } of problems) io.err(`Error: ${message}\n${hint ? `${hint}\n` : ''}`);
  return problems.length > 0 ? 1 : 0;
}
