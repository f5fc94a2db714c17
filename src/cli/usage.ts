// The usage line of a command under the name that it was called by.

/** `usage` is the class's (`ps [OPTIONS]`), `id` its id (`ps`), `name` what was typed (`container ls`): gives `skiff container ls [OPTIONS]`. */
export function usageOf(usage: string, id: string, name: string): string {
  const own = id.replaceAll(':', ' ');
  if (usage === own || usage.startsWith(`${own} `)) return `skiff ${name}${usage.slice(own.length)}`;
  return `skiff ${usage === '' ? name : usage}`;
}
