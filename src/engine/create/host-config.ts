// Fills a HostConfig with Docker's defaults and refuses what cannot be, in Docker's words, before anything is made.
import { readFileSync } from 'node:fs';
import { normalizeCapability } from '../../runtime/spec/capabilities.ts';
import { DEFAULT_SHM } from '../../runtime/spec/mounts.ts';
import { customSeccomp } from '../../runtime/spec/seccomp.ts';
import type { HostConfig, RestartPolicy } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import { checkKernelOptions } from './kernel-options.ts';
import { checkLimits } from './limits.ts';
import { checkLogConfig } from './log-options.ts';

/** Every field set, capabilities in the kernel's spelling. Throws ERR_BAD_OPTION (exit code 125). */
export function completeHostConfig(given: Partial<HostConfig>): HostConfig {
  const config: HostConfig = {
    Binds: null,
    ContainerIDFile: '',
    PortBindings: {},
    PublishAllPorts: false,
    AutoRemove: false,
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    Privileged: false,
    ReadonlyRootfs: false,
    SecurityOpt: null,
    Memory: 0,
    MemorySwap: 0,
    NanoCpus: 0,
    PidsLimit: null,
    Runtime: 'crun',
    ...given,
    LogConfig: checkLogConfig(given.LogConfig),
    NetworkMode: networkMode(given.NetworkMode),
    RestartPolicy: checkedRestartPolicy(given.RestartPolicy),
    CapAdd: given.CapAdd?.map(normalizeCapability) ?? null,
    CapDrop: given.CapDrop?.map(normalizeCapability) ?? null,
    ShmSize: given.ShmSize || DEFAULT_SHM,
  };
  if (config.AutoRemove && config.RestartPolicy.Name !== 'no') {
    throw bad('Conflicting options: cannot specify both --restart and --rm', 'Leave one of the two out');
  }
  checkLimits(config);
  if (config.ShmSize < 0) throw bad('SHM size can not be less than 0', 'Give a size such as 64m');
  checkSecurity(config.SecurityOpt ?? []);
  checkKernelOptions(config);
  if (config.PidsLimit !== null && config.PidsLimit <= 0) config.PidsLimit = null;
  if (config.Memory > 0 && config.MemorySwap === 0) config.MemorySwap = config.Memory * 2;
  return config;
}

/** Whether there is such a network, or container, is looked up in the store: networks.ts, sharing.ts. */
function networkMode(mode = 'bridge'): string {
  return mode === 'default' || mode === '' ? 'bridge' : mode;
}

const POLICIES = ['no', 'always', 'on-failure', 'unless-stopped'];

/** Throws ERR_BAD_OPTION for a policy that there is not. */
export function checkedRestartPolicy(policy: RestartPolicy = { Name: 'no', MaximumRetryCount: 0 }): RestartPolicy {
  if (!POLICIES.includes(policy.Name)) {
    const known = POLICIES.map((name) => `'${name}'`).join(', ');
    throw bad(`Invalid restart policy: unknown policy '${policy.Name}'`, `Use one of ${known}`);
  }
  if (policy.MaximumRetryCount !== 0 && policy.Name !== 'on-failure') {
    throw bad("Invalid restart policy: maximum retry count can only be used with 'on-failure'", 'Leave the number out');
  }
  if (policy.MaximumRetryCount < 0) throw bad('Invalid restart policy: maximum retry count cannot be negative', 'Give 0 for no limit');
  return policy;
}

function checkSecurity(options: readonly string[]): void {
  for (const option of options) {
    const [, name = option, value] = /^([^=:]+)[=:](.*)$/s.exec(option) ?? [];
    if (name === 'no-new-privileges') {
      if (value === undefined || value === 'true' || value === 'false') continue;
    } else if (name === 'seccomp' && value) {
      // A profile that cannot be read must fail here, not when the container starts.
      if (value !== 'unconfined' && value !== 'builtin') customSeccomp(value, { capabilities: [], architecture: '', kernelRelease: '' });
      continue;
    } else if (name === 'systempaths' && value === 'unconfined') continue;
    else if (name === 'apparmor' && value) {
      if (value === 'unconfined' || hasAppArmor()) continue;
      throw bad(`AppArmor is not enabled on this system: cannot use the profile "${value}"`, 'Leave --security-opt apparmor= out');
    } else if (name === 'label' && value === 'disable') continue;
    else if (name === 'label') {
      throw bad(`Cannot set SELinux labels ("${option}")`, 'Use --security-opt label=disable, which is how containers run here');
    }
    throw bad(`Invalid --security-opt: "${option}"`, 'Use seccomp=, no-new-privileges, apparmor=, systempaths=unconfined or label=disable');
  }
}

function hasAppArmor(): boolean {
  try {
    return readFileSync('/sys/module/apparmor/parameters/enabled', 'utf8').startsWith('Y');
  } catch {
    return false;
  }
}

const bad = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_OPTION', message, { hint, exitCode: 125 });
