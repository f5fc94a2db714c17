// What `run` and `create` share: flags to a request, the image made sure of, the container made, warnings said.

import type { CreatedContainer, CreateOptions } from '../engine/create/options.ts';
import { createContainer } from '../engine/create.ts';
import { ensureImage, isCarriedImage } from '../engine/ensure-image.ts';
import type { Ctx } from '../sys/context.ts';
import type { Io } from './command.ts';
import { type ContainerFlags, containerOptions } from './container-options.ts';

export interface MakeInput {
  ctx: Ctx;
  flags: ContainerFlags;
  /** Image, then the command. */
  args: readonly string[];
  io: Io;
  detach: boolean;
  /** It is started right after, so its published ports must be free. */
  startsNow: boolean;
}

/** Makes the container. Throws EngineError with exit code 125. */
export async function makeContainer(input: MakeInput): Promise<CreatedContainer> {
  const { ctx, flags, startsNow } = input;
  const options = { ...containerOptions({ ...input, cwd: process.cwd() }), startsNow };
  const mounted = flags.mount.flatMap(({ Type, Source }) => (Type === 'image' && Source ? Source : []));
  await ensure(input, options.Config.Image, flags.platform);
  for (const image of mounted) await ensure(input, image, undefined);
  const created = await create(ctx, options);
  for (const warning of created.warnings) ctx.warn(warning);
  return created;
}

/** --replace is what few ask for. */
async function create(ctx: Ctx, options: CreateOptions): Promise<CreatedContainer> {
  const { replace, name } = options;
  if (!replace || name === undefined) return createContainer(ctx, options);
  const { replaceContainer } = await import('../engine/replace.ts');
  return replaceContainer(ctx, { ...options, name });
}

async function ensure({ ctx, flags, io }: MakeInput, image: string, platform: string | undefined): Promise<void> {
  // What we carry ourselves is not downloaded, and the text of the first run needs no other before it.
  const isQuiet = () => flags.quiet || isCarriedImage(image);
  await ensureImage(ctx, {
    image,
    platform,
    policy: flags.pull,
    onMissing: (message) => isQuiet() || io.err(`${message}\n`),
    pull: async () => {
      const { pullToTerminal } = await import('./pull-progress.ts');
      await pullToTerminal({ ctx, io, reference: image, platform, quiet: isQuiet() });
    },
  });
}
