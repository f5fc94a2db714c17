// What `skiff version` knows: this program, and the programs it stands on. Docker's `GET /version` field names, so that templates and
// scripts written for Docker read it. There is no server: both halves describe the same file.
import { release } from 'node:os';
import type { Ctx } from '../sys/context.ts';

export interface Component {
  Name: string;
  Version: string;
  Details?: Record<string, string>;
}

export interface VersionInfo {
  Client: {
    Platform: { Name: string };
    Version: string;
    ApiVersion: string;
    DefaultAPIVersion: string;
    GitCommit: string;
    BunVersion: string;
    Os: string;
    Arch: string;
    Context: string;
  };
  Server: {
    Platform: { Name: string };
    Components: Component[];
    Version: string;
    ApiVersion: string;
    MinAPIVersion: string;
    GitCommit: string;
    Os: string;
    Arch: string;
    KernelVersion: string;
  };
}

/** The Engine API whose types the records and `inspect` follow. */
const API_VERSION = '1.48';
const MIN_API_VERSION = '1.24';

/** `program` is what this build calls itself. Runs `crun --version` and its like, each with a time limit; a missing one says so. */
export function describeVersion(ctx: Ctx, program: { version: string; commit: string }): VersionInfo {
  const common = { Version: program.version, GitCommit: program.commit, Os: process.platform, Arch: goArchitecture(process.arch) };
  return {
    Client: {
      Platform: { Name: 'skiff' },
      ApiVersion: API_VERSION,
      DefaultAPIVersion: API_VERSION,
      BunVersion: Bun.version,
      Context: 'default',
      ...common,
    },
    Server: {
      Platform: { Name: 'skiff (rootless, no daemon)' },
      Components: [
        {
          Name: 'Engine',
          Version: program.version,
          Details: { ApiVersion: API_VERSION, GitCommit: program.commit, Os: common.Os, Arch: common.Arch },
        },
        { Name: 'crun', Version: versionOf(ctx, 'crun', /crun version (\S+)/) },
        { Name: 'pasta', Version: versionOf(ctx, 'pasta', /pasta (\S+)/) },
        { Name: 'fuse-overlayfs', Version: versionOf(ctx, 'fuse-overlayfs', /fuse-overlayfs: version (\S+)/) },
      ],
      ApiVersion: API_VERSION,
      MinAPIVersion: MIN_API_VERSION,
      KernelVersion: release(),
      ...common,
    },
  };
}

function versionOf(ctx: Ctx, program: string, pattern: RegExp): string {
  try {
    const { stdout } = Bun.spawnSync([program, '--version'], { env: ctx.env, stdin: 'ignore', stderr: 'ignore', timeout: 2000 });
    return pattern.exec(stdout.toString())?.[1] ?? 'unknown';
  } catch {
    return 'not found';
  }
}

/** Go's name of an architecture, as Docker and OCI write it. */
function goArchitecture(arch: string): string {
  return { x64: 'amd64', ia32: '386' }[arch] ?? arch;
}
