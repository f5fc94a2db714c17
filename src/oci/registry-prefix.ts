// What a setting for registries applies to: a registry (`quay.io`, `lan:5000`), a part of one (`quay.io/team`), or all below a domain
// (`*.example.com`). The longest that matches wins, wherever it was set.

/** Whether `name` (`quay.io/team/app`, or a registry alone) is `prefix` or lies below it. */
export function matchesPrefix(name: string, prefix: string): boolean {
  if (prefix.startsWith('*.')) return (name.split('/', 1)[0] ?? '').replace(/:\d+$/, '').endsWith(prefix.slice(1));
  return name === prefix || name.startsWith(`${prefix}/`);
}

/** The rule for `name`, or undefined. */
export function longestPrefix<T extends { prefix: string }>(name: string, rules: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const rule of rules) if (matchesPrefix(name, rule.prefix) && rule.prefix.length > (best?.prefix.length ?? -1)) best = rule;
  return best;
}
