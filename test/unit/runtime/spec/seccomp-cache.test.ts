import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withCachedFilter } from '../../../../src/runtime/spec/seccomp-cache.ts';
import type { OciSeccomp, OciSpec } from '../../../../src/runtime/spec/types.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-spec-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function specOf(seccomp: OciSeccomp | undefined): OciSpec {
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0, umask: 0o022 },
      args: [],
      env: [],
      cwd: '/',
      capabilities: { bounding: [] },
      noNewPrivileges: false,
    },
    root: { path: '/', readonly: false },
    mounts: [],
    linux: { namespaces: [], ...(seccomp ? { seccomp } : {}) },
  };
}

describe('the filter cache', () => {
  const spec = specOf({ defaultAction: 'SCMP_ACT_ALLOW', architectures: [], syscalls: [] });
  const annotation = (given: OciSpec) => given.annotations?.['run.oci.seccomp_bpf_data'];
  const cache = () => ({ folder: join(folder, 'cache'), runtime: '/bin/sh' });

  test('keeps what the runtime compiled and hands it over the next time', () => {
    const first = withCachedFilter(spec, cache());
    expect(annotation(first.spec)).toBeUndefined();
    writeFileSync(join(folder, 'seccomp.bpf'), Buffer.alloc(16, 7));
    first.keep?.(join(folder, 'seccomp.bpf'));
    const second = withCachedFilter(spec, cache());
    expect(Buffer.from(annotation(second.spec) ?? '', 'base64')).toEqual(Buffer.alloc(16, 7));
    expect(second.keep).toBeUndefined();
    expect(second.spec.linux.seccomp).toEqual(spec.linux.seccomp);
  });

  test('does not mix profiles or runtimes', () => {
    writeFileSync(join(folder, 'seccomp.bpf'), Buffer.alloc(8));
    withCachedFilter(spec, cache()).keep?.(join(folder, 'seccomp.bpf'));
    const other = specOf({ defaultAction: 'SCMP_ACT_ERRNO', architectures: [], syscalls: [] });
    expect(annotation(withCachedFilter(other, cache()).spec)).toBeUndefined();
    expect(annotation(withCachedFilter(spec, { ...cache(), runtime: '/bin/cat' }).spec)).toBeUndefined();
  });

  test('ignores what is no filter', () => {
    writeFileSync(join(folder, 'seccomp.bpf'), Buffer.alloc(9));
    withCachedFilter(spec, cache()).keep?.(join(folder, 'seccomp.bpf'));
    withCachedFilter(spec, cache()).keep?.(join(folder, 'missing'));
    expect(annotation(withCachedFilter(spec, cache()).spec)).toBeUndefined();
  });

  test('has nothing to do for a container without a profile', () => {
    const free = specOf(undefined);
    expect(withCachedFilter(free, cache())).toEqual({ spec: free });
  });
});
