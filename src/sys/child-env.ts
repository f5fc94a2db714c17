// The environment for every process that skiff starts. `BUN_*` variables steer the runtime inside the executable (BUN_BE_BUN turns it
// into plain Bun, BUN_OPTIONS preloads code), so what a user's shell holds of them must not reach another role.

/** A copy of `env` without the runtime's own variables. */
export function childEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !name.startsWith('BUN_')) kept[name] = value;
  }
  return kept;
}
