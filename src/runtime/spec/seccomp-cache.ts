// Compiling the seccomp profile is two thirds of what the runtime does at a start (25 of 35 ms: libseccomp). crun leaves the compiled
// filter in its state folder after `create` and takes one back through an annotation, so the first container of a boot pays and the others do not.
// Trap: the cache is trusted code for the kernel; it must lie in a folder that only this user can write (the run folder).
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../sys/atomic.ts';
import type { OciSpec } from './types.ts';

const ANNOTATION = 'run.oci.seccomp_bpf_data';
/** sizeof(struct sock_filter) and BPF_MAXINSNS. */
const INSTRUCTION_BYTES = 8;
const MAX_INSTRUCTIONS = 4096;

export interface FilterCache {
  /** Private folder of this boot. */
  folder: string;
  /** Absolute path of crun: another build of it is another compiler. */
  runtime: string;
}

export interface CachedFilter {
  /** `spec`, with the compiled filter if there is one. */
  spec: OciSpec;
  /** To be called after the runtime's `create` with the path of the `seccomp.bpf` in its state folder; undefined when there is nothing to keep. */
  keep?: (filterPath: string) => void;
}

/** Looks the container's filter up; any failure of the cache only costs time. */
export function withCachedFilter(spec: OciSpec, cache: FilterCache): CachedFilter {
  const { seccomp } = spec.linux;
  if (!seccomp) return { spec };
  const path = join(cache.folder, `${keyOf(JSON.stringify(seccomp), cache.runtime)}.bpf`);
  const filter = readFilter(path);
  // The profile stays in the configuration, for `crun exec` and for runtimes that do not know the annotation.
  if (filter) return { spec: { ...spec, annotations: { ...spec.annotations, [ANNOTATION]: filter.toString('base64') } } };
  return { spec, keep: (filterPath) => keepFilter(filterPath, path) };
}

function keyOf(profile: string, runtime: string): string {
  const { mtimeMs, size } = statSync(runtime);
  return new Bun.CryptoHasher('sha256').update(`${runtime}\0${mtimeMs}\0${size}\0${profile}`).digest('hex');
}

function readFilter(path: string): Buffer | undefined {
  try {
    const filter = readFileSync(path);
    const instructions = filter.length / INSTRUCTION_BYTES;
    return Number.isInteger(instructions) && instructions > 0 && instructions <= MAX_INSTRUCTIONS ? filter : undefined;
  } catch {
    return undefined;
  }
}

function keepFilter(from: string, to: string): void {
  const filter = readFilter(from);
  if (!filter) return;
  try {
    writeFileAtomic(to, filter, { mode: 0o600 });
  } catch {
    // The next container compiles it again.
  }
}
