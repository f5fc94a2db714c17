// What `info` tells: Docker's `GET /info` field names, and under `Rootless` which step of each ladder is taken here and why.
// Trap: it really probes (a user namespace, a mount), so it may take a second the first time after boot.
import { readFileSync } from 'node:fs';
import { availableParallelism, hostname, machine, release, totalmem } from 'node:os';
import { describeRegistries } from '../oci/registry-config.ts';
import { policyPlace } from '../oci/trust/policy-place.ts';
import { describeCgroup } from '../runtime/cgroup.ts';
import { describeUplink } from '../runtime/network/uplink.ts';
import { describePidNamespace } from '../runtime/pid-namespace.ts';
import { describeRootfs } from '../runtime/rootfs.ts';
import { describeUserNamespace } from '../runtime/userns.ts';
import { listContainers } from '../storage/container.ts';
import { imageIds } from '../storage/image-record.ts';
import type { Ctx } from '../sys/context.ts';
import { messageOf } from '../sys/errors.ts';
import { describeVersion } from './version.ts';

export type Info = Awaited<ReturnType<typeof describeSystem>>;

interface Step {
  Step: string;
  Reason: string;
}

/** `program` is what this build calls itself. */
export async function describeSystem(ctx: Ctx, program: { version: string; commit: string }) {
  const statuses = listContainers(ctx).map(({ state }) => state.Status);
  const count = (...wanted: string[]): number => statuses.filter((status) => wanted.includes(status)).length;
  const versions = describeVersion(ctx, program).Server.Components.slice(1);
  const cgroup = describeCgroup(ctx);
  const userNamespace = await describeUserNamespace(ctx);
  const storage = await stepOf(() => describeRootfs(ctx));
  const registries = await describeRegistries(ctx.env);
  const processes = await stepOf(() => describePidNamespace(ctx));
  const network = await stepOf(() => describeUplink(ctx));
  const can = (controller: string): boolean => cgroup.controllers.includes(controller);
  return {
    ID: hostname(),
    Containers: statuses.length,
    ContainersRunning: count('running', 'restarting'),
    ContainersPaused: count('paused'),
    ContainersStopped: count('created', 'exited', 'dead'),
    Images: imageIds(ctx).length,
    Driver: storage.Step,
    DriverStatus: [['Reason', storage.Reason]],
    Plugins: { Volume: ['local'], Network: ['bridge', 'host', 'none'], Log: ['json-file', 'none'] },
    MemoryLimit: can('memory'),
    SwapLimit: can('memory'),
    CpuCfsPeriod: can('cpu'),
    CpuCfsQuota: can('cpu'),
    CPUShares: can('cpu'),
    CPUSet: can('cpuset'),
    PidsLimit: can('pids'),
    SystemTime: ctx.now().toISOString(),
    LoggingDriver: 'json-file',
    CgroupDriver: cgroup.step === 'disabled' ? 'none' : cgroup.step,
    CgroupVersion: '2',
    KernelVersion: release(),
    OperatingSystem: operatingSystem(),
    OSType: 'linux',
    Architecture: machine(),
    NCPU: availableParallelism(),
    MemTotal: totalmem(),
    DockerRootDir: ctx.paths.data,
    HttpProxy: ctx.env.HTTP_PROXY ?? ctx.env.http_proxy ?? '',
    HttpsProxy: ctx.env.HTTPS_PROXY ?? ctx.env.https_proxy ?? '',
    NoProxy: ctx.env.NO_PROXY ?? ctx.env.no_proxy ?? '',
    RegistryConfig: {
      InsecureRegistryCIDRs: ['127.0.0.0/8', '::1/128'],
      IndexConfigs: Object.fromEntries(
        registries.insecure.map((name) => [name, { Name: name, Mirrors: [], Secure: false, Official: false }]),
      ),
      Mirrors: registries.mirrors.find(([prefix]) => prefix === 'docker.io')?.[1] ?? [],
    },
    Registries: {
      Files: registries.files,
      Insecure: registries.insecure,
      Blocked: registries.blocked,
      Mirrors: Object.fromEntries(registries.mirrors),
    },
    ImagePolicy: policyPlace(ctx.env) ?? '',
    Name: hostname(),
    ServerVersion: program.version,
    Runtimes: { crun: { path: Bun.which('crun', { PATH: ctx.env.PATH ?? '' }) ?? '' } },
    DefaultRuntime: 'crun',
    SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless', 'name=cgroupns'],
    Warnings: warnings(cgroup),
    Rootless: {
      UserNamespace: { Step: userNamespace.step, Reason: userNamespace.reason, Ids: userNamespace.ids },
      Storage: storage,
      Processes: processes,
      Network: network,
      Cgroup: { Step: cgroup.step, Reason: cgroup.reason, Controllers: cgroup.controllers },
      RunDir: ctx.paths.run,
      Programs: Object.fromEntries(versions.map(({ Name, Version }) => [Name, Version])),
    },
  };
}

/** What a ladder answers; that none of its steps works is an answer too. */
async function stepOf(describe: () => Promise<{ step: string; reason: string }>): Promise<Step> {
  try {
    const { step, reason } = await describe();
    return { Step: step, Reason: reason };
  } catch (error) {
    return { Step: 'none', Reason: messageOf(error) };
  }
}

function warnings({ step, reason, controllers }: ReturnType<typeof describeCgroup>): string[] {
  if (step === 'disabled') return [`WARNING: No resource limits: ${reason}`];
  const missing = ['cpu', 'memory', 'pids'].filter((controller) => !controllers.includes(controller));
  return missing.map((controller) => `WARNING: No ${controller} limit support`);
}

function operatingSystem(): string {
  try {
    return /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}
