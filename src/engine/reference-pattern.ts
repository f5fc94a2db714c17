// `images PATTERN` and `--filter reference=PATTERN`: a shell pattern against the familiar name with its tag, or without it. As in Go's
// path.Match, `*` and `?` never match a slash.

/** Whether `pattern` fits `name` (`nginx:latest`) or its repository (`nginx`). */
export function referenceMatches(pattern: string, name: string): boolean {
  const expression = new RegExp(`^${expressionOf(pattern)}$`, 's');
  return expression.test(name) || expression.test(repositoryOf(name));
}

/** The name without tag and digest. */
export function repositoryOf(name: string): string {
  const [tagged = ''] = name.split('@');
  const colon = tagged.lastIndexOf(':');
  return colon > tagged.lastIndexOf('/') ? tagged.slice(0, colon) : tagged;
}

function expressionOf(pattern: string): string {
  return pattern.replace(/\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|[\s\S]/g, (char, escaped, not, set) => {
    if (escaped !== undefined) return RegExp.escape(escaped);
    if (set !== undefined) return `[${not}${set.replace(/[[\]^&]/g, '\\$&')}]`;
    if (char === '*') return '[^/]*';
    return char === '?' ? '[^/]' : RegExp.escape(char);
  });
}
