// `--mount=type=ssh`: a socket of the worker's in the step's container, from which each connection is led to the user's agent. The agent's own socket
// would not do: it answers nobody but its user, and a step may run as another.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { relaySocket } from '../../../runtime/socket-relay.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { RunMount } from '../model.ts';
import { type MadeMount, type MountSite, pointAt, targetOf } from './mounts.ts';
import { own } from './secret-mount.ts';

type SshMount = Extract<RunMount, { type: 'ssh' }>;

/** Throws ERR_SSH where a required agent was not given. */
export function makeSsh({ site, step, scratch }: MountSite, ssh: SshMount, index: number): MadeMount {
  const given = site.options.ssh[ssh.id];
  if (!given) {
    if (!ssh.required) return {};
    throw new EngineError('ERR_SSH', `unset ssh forward key ${ssh.id}`, {
      hint: `Forward your agent: --ssh ${ssh.id} (it needs SSH_AUTH_SOCK), or --ssh ${ssh.id}=/path/of/a/key`,
    });
  }
  const folder = join(scratch, 'ssh');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, String(index));
  const relay = relaySocket(path, given.socket);
  own(path, ssh);
  chmodSync(path, ssh.mode);
  const target = targetOf(step, ssh.target ?? `/run/buildkit/ssh_agent.${index}`);
  return { points: [pointAt(path, target, { RW: true })], env: [`SSH_AUTH_SOCK=${target}`], release: relay.end };
}
