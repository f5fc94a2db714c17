// A proxy is for the way out: registries on this machine are reached without it, as Go programs do. `fetch` reads the proxy's variables from
// the process's own environment, so that is where it must be said.

/** Exempts this machine's own addresses from the proxy; what else is exempt stays so. */
export function keepLoopbackDirect(env: Record<string, string | undefined>): void {
  const exempt = [env.no_proxy ?? env.NO_PROXY ?? '', 'localhost', '127.0.0.1', '::1'].filter(Boolean).join(',');
  env.NO_PROXY = exempt;
  env.no_proxy = exempt;
}
