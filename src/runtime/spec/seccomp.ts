// Turns a seccomp profile into what the OCI runtime takes: the default table filtered by the container's capabilities and machine, or a
// user's file in Docker's own format (which has `archMap`, `includes` and `excludes`) or already in the OCI format.
import { EngineError } from '../../sys/errors.ts';
import { ALWAYS_ALLOWED, CONDITIONALLY_ALLOWED, type ConditionalCalls } from './seccomp-table.ts';
import type { OciSeccomp, OciSyscallRule } from './types.ts';

const EPERM = 1;

/** libseccomp's names: the machine's own ABI first, then the older ones its kernel also runs. */
const ABIS: Readonly<Record<string, readonly string[]>> = {
  amd64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

export interface SeccompFacts {
  /** The container's bounding set. */
  capabilities: readonly string[];
  /** Go's name: `amd64` or `arm64`. */
  architecture: string;
  /** Kernel release, as `uname -r` prints it. */
  kernelRelease: string;
}

/** Docker's default profile for these capabilities on this machine. */
export function defaultSeccomp(facts: SeccompFacts): OciSeccomp {
  const applies = (calls: ConditionalCalls): boolean =>
    (calls.capability === undefined || facts.capabilities.includes(calls.capability)) &&
    (calls.withoutCapability === undefined || !facts.capabilities.includes(calls.withoutCapability)) &&
    (calls.architectures === undefined || calls.architectures.includes(facts.architecture));
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: [...(ABIS[facts.architecture] ?? [])],
    syscalls: [{ names: words(ALWAYS_ALLOWED), action: 'SCMP_ACT_ALLOW' }, ...CONDITIONALLY_ALLOWED.filter(applies).map(rule)],
  };
}

/** A user's profile, `text` being the JSON that `--security-opt seccomp=FILE` named. Throws when it is not one. */
export function customSeccomp(text: string, facts: SeccompFacts): OciSeccomp {
  const profile = parseProfile(text);
  const mapped = profile.archMap?.find((entry) => entry.architecture === ABIS[facts.architecture]?.[0]);
  const architectures = mapped ? [mapped.architecture, ...(mapped.subArchitectures ?? [])] : (profile.architectures ?? []);
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures,
    ...(profile.flags?.length ? { flags: profile.flags } : {}),
    syscalls: (profile.syscalls ?? []).filter((entry) => included(entry, facts)).map(profileRule),
  };
}

const words = (text: string): string[] => text.trim().split(/\s+/);

function rule(calls: ConditionalCalls): OciSyscallRule {
  return {
    names: words(calls.names),
    action: calls.errno === undefined ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_ERRNO',
    ...(calls.errno === undefined ? {} : { errnoRet: calls.errno }),
    ...(calls.args ? { args: calls.args } : {}),
  };
}

interface Condition {
  caps?: string[];
  arches?: string[];
  /** `major.minor` */
  minKernel?: string;
}

interface ProfileRule {
  name?: string;
  names?: string[];
  action: string;
  errnoRet?: number;
  args?: OciSyscallRule['args'] | null;
  includes?: Condition;
  excludes?: Condition;
}

interface Profile {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  archMap?: { architecture: string; subArchitectures?: string[] | null }[];
  flags?: string[];
  syscalls?: ProfileRule[];
}

function included(entry: ProfileRule, facts: SeccompFacts): boolean {
  const { includes = {}, excludes = {} } = entry;
  if (includes.arches?.length && !includes.arches.includes(facts.architecture)) return false;
  if (excludes.arches?.includes(facts.architecture)) return false;
  if (includes.caps?.some((name) => !facts.capabilities.includes(name))) return false;
  if (includes.minKernel && !isKernelAtLeast(facts.kernelRelease, includes.minKernel)) return false;
  if (excludes.minKernel && isKernelAtLeast(facts.kernelRelease, excludes.minKernel)) return false;
  return !excludes.caps?.some((name) => facts.capabilities.includes(name));
}

function isKernelAtLeast(release: string, wanted: string): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function profileRule(entry: ProfileRule): OciSyscallRule {
  return {
    names: entry.names ?? (entry.name === undefined ? [] : [entry.name]),
    action: entry.action,
    ...(entry.errnoRet === undefined ? {} : { errnoRet: entry.errnoRet }),
    ...(entry.args?.length ? { args: entry.args } : {}),
  };
}

function parseProfile(text: string): Profile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
  if (!isProfile(value)) throw invalid('it needs a "defaultAction", and each of its "syscalls" names and an "action"');
  return value;
}

function isProfile(value: unknown): value is Profile {
  if (typeof value !== 'object' || value === null) return false;
  if (!('defaultAction' in value) || typeof value.defaultAction !== 'string') return false;
  if (!('syscalls' in value) || value.syscalls === null || value.syscalls === undefined) return true;
  return Array.isArray(value.syscalls) && value.syscalls.every(isProfileRule);
}

function isProfileRule(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const named = ('names' in value && Array.isArray(value.names)) || ('name' in value && typeof value.name === 'string');
  return named && 'action' in value && typeof value.action === 'string';
}

const invalid = (why: string, cause?: unknown): EngineError =>
  new EngineError('ERR_SECCOMP_PROFILE', `Decoding the seccomp profile failed: ${why}`, {
    cause,
    hint: 'Take a profile in the format of Docker or of the OCI runtime specification, or use --security-opt seccomp=unconfined',
    exitCode: 125,
  });
