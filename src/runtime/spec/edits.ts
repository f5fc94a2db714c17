// What a device wants changed in a container's configuration (CDI's containerEdits, worked out in src/runtime/cdi/), put into it.
import type { OciHooks, OciMount, OciSpec } from './types.ts';

export interface SpecEdits {
  /** `NAME=value`; replaces a variable of the same name. */
  env: string[];
  mounts: OciMount[];
  hooks: OciHooks;
  additionalGids: number[];
}

/** `spec` with the edits in it; a later mount on the same place wins. */
export function withEdits(spec: OciSpec, { env, mounts, hooks, additionalGids }: SpecEdits): OciSpec {
  const { user } = spec.process;
  const gids = [...new Set([...(user.additionalGids ?? []), ...additionalGids])];
  const variables = new Map([...spec.process.env, ...env].map((entry) => [entry.split('=', 1)[0], entry]));
  const places = new Set(mounts.map(({ destination }) => destination));
  return {
    ...spec,
    process: { ...spec.process, env: [...variables.values()], user: { ...user, ...(gids.length > 0 ? { additionalGids: gids } : {}) } },
    mounts: [...spec.mounts.filter(({ destination }) => !places.has(destination)), ...mounts],
    hooks: withHooks(spec.hooks, hooks),
  };
}

/** The hooks of both, `first`'s before those of `second`. */
export function withHooks(first: OciHooks = {}, second: OciHooks = {}): OciHooks {
  const moments = [...new Set([...Object.keys(first), ...Object.keys(second)])] as (keyof OciHooks)[];
  return Object.fromEntries(moments.map((moment) => [moment, [...(first[moment] ?? []), ...(second[moment] ?? [])]]));
}
