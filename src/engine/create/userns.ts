// `--userns`: the user's own namespace (nothing given, or `host`: without root there is no other one to be in), or keep-id. What keep-id needs
// is looked for here, before anything is made.
import { fullKeepId, keptIds } from '../../runtime/keep-id.ts';
import { joinedContainers } from '../../runtime/spec/namespaces.ts';
import { ensureUserNamespace } from '../../runtime/userns.ts';
import { findContainer } from '../../storage/container.ts';
import type { ContainerConfig, HostConfig } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { requireProgram } from '../../sys/programs.ts';

export interface UsernsChoice {
  /** In full: `keep-id:uid=N,gid=N`. */
  UsernsMode: string;
  /** The container's default user. */
  names: Partial<ContainerConfig>;
  /** The storage driver that it has to be. */
  driver?: 'fuse-overlayfs';
}

/** What `hostConfig.UsernsMode` comes to. Throws ERR_USERNS, ERR_NO_PROGRAM (exit code 125). */
export async function resolveUserns(ctx: Ctx, hostConfig: HostConfig): Promise<UsernsChoice> {
  const mode = hostConfig.UsernsMode ?? '';
  if (mode === '' || mode === 'host') return { UsernsMode: mode, names: {} };
  if (mode !== 'keep-id' && !mode.startsWith('keep-id:')) throw unknown(mode);
  const UsernsMode = fullKeepId(mode, { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 });
  const kept = keptIds(UsernsMode);
  if (!kept) return { UsernsMode, names: { User: '0:0' } };
  const namespace = await ensureUserNamespace(ctx);
  if (namespace.step === 'single') {
    throw refuse(
      "--userns keep-id needs more ids than your own: the image's files are to be those of root",
      namespace.lacks ?? 'See "skiff info"',
    );
  }
  if (hostConfig.StorageDriver && hostConfig.StorageDriver !== 'fuse-overlayfs') {
    throw refuse(
      `--userns keep-id cannot be used with the storage driver ${hostConfig.StorageDriver}: only fuse-overlayfs shows files under other ids`,
      'Leave out --storage-driver',
    );
  }
  requireProgram(ctx.env, 'fuse-overlayfs', "which --userns keep-id needs to show the image's files under other ids");
  checkJoined(ctx, { ...hostConfig, UsernsMode });
  return { UsernsMode, names: { User: `${kept.uid}:${kept.gid}` }, driver: 'fuse-overlayfs' };
}

// What belongs to the user namespace of another is out of reach from a namespace beside that one; so the other's is joined too.
function checkJoined(ctx: Ctx, hostConfig: HostConfig): void {
  const { UsernsMode } = hostConfig;
  const ids = joinedContainers(hostConfig);
  if (ids.length > 1) throw refuse('--userns keep-id cannot join the namespaces of several containers', 'Join those of one');
  for (const id of ids) {
    const { HostConfig, Name } = findContainer(ctx, id).record;
    if (HostConfig.UsernsMode === UsernsMode) continue;
    throw refuse(
      `Cannot join container ${Name} with --userns keep-id: its user namespace is another`,
      `Create ${Name} with --userns ${UsernsMode}`,
    );
  }
}

function unknown(mode: string): EngineError {
  const hint = 'Use host, which is your own user namespace, or keep-id';
  if (mode === 'auto' || mode.startsWith('auto:') || mode === 'nomap' || mode === 'private') {
    return refuse(`--userns ${mode} is not supported: all containers have the ids of your own user namespace`, hint);
  }
  return refuse(`Invalid USER mode: ${mode}`, hint);
}

const refuse = (message: string, hint: string): EngineError => new EngineError('ERR_USERNS', message, { hint, exitCode: 125 });
