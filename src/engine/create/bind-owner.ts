// What a container's user writes on a bind mount is to be the caller's. For root it is: root is the caller. For another user the kernel knows id-mapped
// mounts, but lets nobody have one of the machine's file systems but the machine's root; so the container gets the map as a whole, by
// --userns keep-id for its own user, where nothing else would change by that. Where it would, one sentence says what files will be.
import { accessSync, constants, statSync } from 'node:fs';
import { mountWords } from '../../runtime/mount-words.ts';
import type { ContainerConfig, HostConfig, ImageRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { imageUser } from './image-user.ts';
import type { PlannedMount } from './mounts.ts';
import { resolveUserns, type UsernsChoice } from './userns.ts';

export interface BindOwnerInput {
  config: ContainerConfig;
  /** Without a choice of --userns. */
  hostConfig: HostConfig;
  planned: readonly PlannedMount[];
  image: ImageRecord;
}

/** The user namespace that the container is to have, or what to tell. Throws ERR_IDMAP (125) where a mount insists on it. */
export async function chooseBindOwner(ctx: Ctx, input: BindOwnerInput): Promise<{ choice?: UsernsChoice; warning?: string }> {
  const binds = input.planned.filter((mount) => mount.Type === 'bind' && wantsMap(mount));
  const [first] = binds.toSorted((a, b) => Number(isAsked(b)) - Number(isAsked(a)));
  if (!first) return {};
  const user = imageUser(ctx, input.image, input.config.User ?? '');
  if (!user || user.uid === 0) return {};
  const outcome = await mapFor(ctx, input, `keep-id:uid=${user.uid},gid=${user.gid}`);
  if (typeof outcome !== 'string') return { choice: outcome };
  const what = `What user ${user.uid} writes below ${first.Destination} will not be yours: ${outcome}`;
  if (!isAsked(first)) return { warning: what };
  throw new EngineError('ERR_IDMAP', what, { hint: 'Leave out the option "idmap", or run as root with -u 0: root is you', exitCode: 125 });
}

/** A folder of the caller's that may be written; or whatever asks for it. */
function wantsMap(mount: PlannedMount): boolean {
  const { isMapped, isGiven, overlay } = mountWords(mount.Mode);
  if (isMapped !== undefined) return isMapped;
  if (!mount.RW || isGiven || overlay) return false;
  const source = statSync(mount.Source, { throwIfNoEntry: false });
  return source ? source.isDirectory() && source.uid === process.geteuid?.() : mount.makesSource === true;
}

const isAsked = ({ Mode }: PlannedMount): boolean => mountWords(Mode).isMapped === true;

/** Or the reason why not. */
async function mapFor(ctx: Ctx, { hostConfig, planned }: BindOwnerInput, UsernsMode: string): Promise<UsernsChoice | string> {
  const volume = planned.find(({ Type, Name }) => Type === 'volume' && Name !== undefined);
  if (volume) return `its volume "${volume.Name}" would change owners by --userns ${UsernsMode}`;
  if (!hasFuse()) return '--userns keep-id needs /dev/fuse, which is not there or closed to you';
  try {
    return await resolveUserns(ctx, { ...hostConfig, UsernsMode });
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
}

const FUSE_DEVICE = 10 * 256 + 229;

function hasFuse(): boolean {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return statSync('/dev/fuse').rdev === FUSE_DEVICE;
  } catch {
    return false;
  }
}
