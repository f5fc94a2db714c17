// The environment for every process that skiff starts. `BUN_*` variables steer the runtime inside the executable (BUN_BE_BUN turns it
// into plain Bun, BUN_OPTIONS preloads code), so what a user's shell holds of them must not reach another role. What a service manager
// tells skiff (sd_notify, sd_listen_fds) is not for its children: an OCI runtime would take the socket and the descriptors for its own.

const SERVICE_VARIABLES: ReadonlySet<string> = new Set(['NOTIFY_SOCKET', 'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES']);

/** A copy of `env` without what is meant for this process alone. */
export function childEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !name.startsWith('BUN_') && !SERVICE_VARIABLES.has(name)) kept[name] = value;
  }
  return kept;
}
