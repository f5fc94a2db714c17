// The process that `exec` adds to a running container: that of the container's own configuration, with what was asked for in its place.
// User and program are looked up in the container as it is now, through /proc/PID/root: by the front where it can look in, else by the
// supervisor (a folder of another of the container's users is closed to the front, a FUSE mount altogether).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerRunDir } from '../storage/layout.ts';
import type { HostConfig } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { keptIds, outerUser, ownIdCounts } from './keep-id.ts';
import { ALL_CAPABILITIES, processCapabilities } from './spec/capabilities.ts';
import { canRun } from './spec/emulated.ts';
import { mergeEnvironment } from './spec/environment.ts';
import { checkExecutable } from './spec/executable.ts';
import { addedGroups } from './spec/groups.ts';
import { hostArchitecture } from './spec/host-facts.ts';
import type { OciProcess, OciSpec } from './spec/types.ts';
import { type ResolvedUser, resolveUser } from './spec/user.ts';
import { checkWorkingDir } from './spec/workdir.ts';

export interface ExecRequest {
  command: string[];
  env?: string[];
  user?: string;
  workdir?: string;
  tty?: boolean;
  privileged?: boolean;
}

export interface ExecTarget {
  id: string;
  /** The container's init, as our /proc knows it. */
  pid: number;
  /** We are not in its user namespace: owners are not the ids that it knows, and some folders are closed to us. */
  isOutside?: boolean;
  hostConfig?: Pick<HostConfig, 'GroupAdd' | 'UsernsMode' | 'Egress'>;
}

/**
 * Throws what is wrong with user, folder or program, with 126 or 127; from outside also ERR_CANNOT_TELL, and any refusal is to be
 * taken as that.
 */
export function describeExec(
  ctx: Pick<Ctx, 'paths'>,
  { id, pid, isOutside = false, hostConfig }: ExecTarget,
  request: ExecRequest,
): OciProcess {
  if (request.privileged && hostConfig?.Egress) throw againstPolicy();
  const spec = JSON.parse(readFileSync(join(containerRunDir(ctx, id), 'bundle/config.json'), 'utf8')) as OciSpec;
  const { process: base } = spec;
  // The container's own view, its mounts included.
  const view = { rootfs: `/proc/${pid}/root` };
  const user =
    request.user === undefined ? undefined : withGroups(resolveUser(view, request.user), addedGroups(view, hostConfig?.GroupAdd));
  const uid = user?.uid ?? base.user.uid;
  const home = user ? [`HOME=${user.home}`] : [];
  const { consoleSize: _, ...rest } = base;
  const env = mergeEnvironment(
    mergeEnvironment(base.env, [...home, ...(request.tty && !hasTerm(base.env) ? ['TERM=xterm'] : [])]),
    request.env ?? [],
  );
  const [command = ''] = request.command;
  const cwd = request.workdir ?? base.cwd;
  if (request.workdir !== undefined) checkWorkingDir(view, request.workdir);
  const owner = isOutside
    ? { ...ANYBODY, isRoot: uid === 0 }
    : outerUser(user ?? base.user, keptIds(hostConfig?.UsernsMode), ownIdCounts());
  checkExecutable({
    view,
    command,
    env,
    cwd,
    user: owner,
    isExec: true,
    mustKnow: isOutside,
    architecture: hostArchitecture(),
    canRun,
  });
  return {
    ...rest,
    terminal: request.tty ?? false,
    args: request.command,
    env,
    cwd,
    user: user
      ? { ...base.user, uid: user.uid, gid: user.gid, ...(base.user.additionalGids ? { additionalGids: user.additionalGids } : {}) }
      : base.user,
    ...(base.capabilities
      ? { capabilities: processCapabilities(request.privileged ? [...ALL_CAPABILITIES] : base.capabilities.bounding, uid) }
      : {}),
  };
}

const againstPolicy = (): EngineError =>
  new EngineError('ERR_EGRESS', 'A privileged process could take away the outbound policy (--egress) of its container', {
    hint: 'Leave out --privileged',
    exitCode: 126,
  });

function withGroups(user: ResolvedUser, groups: readonly number[]): ResolvedUser {
  return { ...user, additionalGids: [...new Set([...user.additionalGids, ...groups])] };
}

// From outside: who owns nothing and is in no group. What such a one may do, everybody may.
const ANYBODY = { uid: -1, gid: -1, additionalGids: [] };

const hasTerm = (env: readonly string[]): boolean => env.some((entry) => entry.startsWith('TERM='));
