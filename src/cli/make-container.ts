// What `run` and `create` share: flags to a request, the image made sure of, the container made, warnings said.

import type { CreatedContainer, CreateOptions } from '../engine/create/options.ts';
import { createContainer } from '../engine/create.ts';
import { type EnsureImageOptions, ensureImage, isCarriedImage } from '../engine/ensure-image.ts';
import type { LockOptions } from '../engine/lock-pins.ts';
import type { Ctx } from '../sys/context.ts';
import type { Io } from './command.ts';
import { type ContainerFlags, containerOptions } from './container-options.ts';
import { lockOptions } from './flags-lock.ts';
import { healing } from './healing.ts';

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

/** Makes the container; a failure leaves nothing, so it can be tried again here. Throws EngineError with exit code 125. */
export async function makeContainer(input: MakeInput): Promise<CreatedContainer> {
  return healing(() => make(input), { ctx: input.ctx, say: (line) => input.io.err(line) });
}

async function make(input: MakeInput): Promise<CreatedContainer> {
  const { ctx, flags, startsNow } = input;
  const options = { ...containerOptions({ ...input, cwd: process.cwd() }), startsNow };
  const lock = lockOptions(flags, { exitCode: 125 });
  const mounted = flags.mount.flatMap(({ Type, Source }) => (Type === 'image' && Source ? Source : []));
  const Image = await ensure(input, { image: options.Config.Image, platform: flags.platform, lock });
  const names = new Map<string, string>();
  for (const image of mounted) names.set(image, await ensure(input, { image, lock }));
  const created = await create(ctx, lock ? withImages(options, Image, names) : options);
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

interface WantedImage {
  image: string;
  platform?: string | undefined;
  lock: LockOptions | undefined;
}

/** Returns the name under which the image is in the store: what was typed, but for an image that a lock file pins. */
async function ensure({ ctx, flags, io }: MakeInput, { image, platform, lock }: WantedImage): Promise<string> {
  // What we carry ourselves is not downloaded, and the text of the first run needs no other before it.
  const isQuiet = () => flags.quiet || isCarriedImage(image);
  const options: EnsureImageOptions = {
    image,
    platform,
    policy: flags.pull,
    onMissing: (message) => isQuiet() || io.err(`${message}\n`),
    pull: async () => {
      const { pullToTerminal } = await import('./pull-progress.ts');
      await pullToTerminal({ ctx, io, reference: image, platform, quiet: isQuiet(), lock });
    },
  };
  if (lock) return (await import('../engine/locked-image.ts')).ensureLockedImage(ctx, { ...options, lock });
  await ensureImage(ctx, options);
  return image;
}

function withImages(options: CreateOptions, Image: string, names: ReadonlyMap<string, string>): CreateOptions {
  const { Config, HostConfig } = options;
  const Mounts = HostConfig.Mounts?.map((mount) =>
    mount.Type === 'image' ? { ...mount, Source: names.get(mount.Source ?? '') ?? mount.Source } : mount,
  );
  return { ...options, Config: { ...Config, Image }, HostConfig: { ...HostConfig, ...(Mounts ? { Mounts } : {}) } };
}
