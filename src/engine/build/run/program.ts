// Runs the program of a step in its container, from the network to the last byte of its output. Told to give up, it kills the container and
// still waits for its end, so that nothing is taken from under a process.
import { join } from 'node:path';
import type { CgroupPlace } from '../../../runtime/cgroup.ts';
import { runtimeCall, runWithRuntime } from '../../../runtime/supervisor/crun.ts';
import { makeGate } from '../../../runtime/supervisor/gate.ts';
import { startGuard } from '../../../runtime/supervisor/guard.ts';
import type { Surroundings } from '../../../runtime/supervisor/isolate.ts';
import { openNetwork } from '../../../runtime/supervisor/network.ts';
import { watchOom } from '../../../runtime/supervisor/oom.ts';
import { writeBundle } from '../../../runtime/supervisor/prepare.ts';
import { openStreams } from '../../../runtime/supervisor/streams.ts';
import type { ContainerRecord } from '../../../storage/records.ts';
import { childEnv } from '../../../sys/child-env.ts';
import type { Ctx } from '../../../sys/context.ts';
import { kill } from '../../../sys/process.ts';
import { SIGKILL } from '../../../sys/signals.ts';
import type { Running } from '../running.ts';

export interface ProgramSite {
  record: ContainerRecord;
  rootfs: string;
  cgroup: CgroupPlace;
  surroundings: Surroundings;
  running: Running;
  stdin: string | undefined;
  signal: AbortSignal;
  onOutput: (stream: 1 | 2, data: Uint8Array) => void;
}

export interface Ended {
  exitCode: number;
  isOomKilled: boolean;
}

/** Throws what keeps it from starting, or the signal's reason. */
export async function runProgram(ctx: Ctx, at: ProgramSite): Promise<Ended> {
  const { record, surroundings, cgroup, running, signal } = at;
  const { scratch, hostProc, family } = surroundings;
  const spawned: number[] = [];
  const guard = family && startGuard(family, { env: childEnv(ctx.env), onSpawn: (pid) => spawned.push(pid) });
  const network = await openNetwork(ctx, record, {
    scratch,
    hostProc,
    onSpawn: () => undefined,
    onPasta: (pid) => guard?.child(pid),
    onRestart: () => undefined,
    current: () => record,
  });
  const isLimited = record.HostConfig.Memory > 0;
  let isOomKilled = false;
  const oom = watchOom(cgroup, { isLimited, onKill: () => (isOomKilled = true) });
  try {
    const streams = openStreams({ stdin: at.stdin !== undefined, terminal: false, log: outputTo(at.onOutput) });
    const call = runtimeCall(ctx, record, { orphans: running.orphans, managesCgroups: cgroup.path !== undefined });
    const gate = network.isUp() ? undefined : makeGate(Bun.which('grep') ?? '/bin/grep');
    const { DeviceRequests } = record.HostConfig;
    const edits = DeviceRequests
      ? { edits: await (await import('../../../runtime/cdi/resolve.ts')).resolveDevices(ctx, DeviceRequests) }
      : {};
    const { hosts, resolvConf } = network.files;
    const { bundle, keepFilter } = writeBundle(ctx, record, {
      rootfs: at.rootfs,
      network: network.spec,
      // Of a hostname file BuildKit knows nothing: one that the program writes is the image's.
      files: { ...(hosts ? { hosts } : {}), ...(resolvConf ? { resolvConf } : {}) },
      cgroup,
      surroundings,
      runtime: call.runtime,
      ...(gate ? { hooks: gate.hooks } : {}),
      ...edits,
    });
    await network.made;
    signal.throwIfAborted();
    const go = network.ready.then(() => gate?.open());
    const [{ pid }] = await Promise.all([
      runWithRuntime(call, { bundle, stdio: streams.stdio, terminal: false, scratch, ready: go }),
      go,
    ]).finally(() => gate?.remove());
    const exited = running.orphans.exitOf(pid);
    const end = (): void => void kill(pid, SIGKILL);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    streams.handedOver();
    streams.begin();
    keepFilter?.(join(call.stateRoot, call.id, 'seccomp.bpf'));
    if (at.stdin !== undefined) void streams.writeInput(Buffer.from(at.stdin)).then(() => streams.endInput());
    const exitCode = await exited;
    signal.removeEventListener('abort', end);
    await family?.end();
    await streams.ended;
    signal.throwIfAborted();
    return { exitCode, isOomKilled };
  } finally {
    oom.end();
    network.close();
    for (const pid of spawned) kill(pid, SIGKILL);
  }
}

const outputTo = (onOutput: ProgramSite['onOutput']) => ({
  write: (stream: 'stdout' | 'stderr', chunk: Uint8Array): void => onOutput(stream === 'stdout' ? 1 : 2, chunk),
});
