// A user namespace within ours for a container with --userns keep-id, made before anything that is to belong to it (network namespace,
// the runtime's). It is made by a short-lived child, since who enters one cannot come back; its maps are ours to write, as root of ours.
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import type { HostConfig } from '../../storage/records.ts';
import { childEnv } from '../../sys/child-env.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { makePipe } from '../../sys/fd.ts';
import { containerMap, keptIds, ownIdCounts } from '../keep-id.ts';
import { joinedContainers } from '../spec/namespaces.ts';

/** A file of the namespace, valid as long as this process lives; undefined where none of its own is wanted. Throws ERR_USERNS (125). */
export async function ownUserNamespace(
  hostConfig: HostConfig,
  { env, onSpawn }: { env: Readonly<Record<string, string | undefined>>; onSpawn: (pid: number) => void },
): Promise<string | undefined> {
  const kept = keptIds(hostConfig.UsernsMode);
  // Whoever joins another's namespaces has to be in the user namespace that these belong to.
  if (!kept || joinedContainers(hostConfig).length > 0) return undefined;
  const input = makePipe();
  const child = Bun.spawn(['unshare', '--user', 'cat'], { env: childEnv(env), stdin: input.read, stdout: 'pipe', stderr: 'pipe' });
  onSpawn(child.pid);
  closeSync(input.read);
  try {
    // It gives the byte back once it stands in the new namespace.
    writeSync(input.write, '.');
    const { done } = await child.stdout.getReader().read();
    if (done) throw refuse((await new Response(child.stderr).text()).trim());
    const counts = ownIdCounts();
    writeMap(child.pid, 'uid_map', containerMap(kept.uid, counts.uids));
    writeMap(child.pid, 'gid_map', containerMap(kept.gid, counts.gids));
    return `/proc/${process.pid}/fd/${openSync(`/proc/${child.pid}/ns/user`, 'r')}`;
  } finally {
    closeSync(input.write);
  }
}

function writeMap(pid: number, file: 'uid_map' | 'gid_map', map: readonly (readonly number[])[]): void {
  try {
    writeFileSync(`/proc/${pid}/${file}`, map.map((range) => range.join(' ')).join('\n'));
  } catch (cause) {
    throw refuse(messageOf(cause), cause);
  }
}

const refuse = (why: string, cause?: unknown): EngineError =>
  new EngineError('ERR_USERNS', `Cannot make a user namespace for --userns keep-id: ${why || 'unshare failed'}`, {
    hint: 'Leave out --userns; sysctl user.max_user_namespaces says how many there may be',
    exitCode: 125,
    ...(cause === undefined ? {} : { cause }),
  });
