// WWW-Authenticate as registries send it (RFC 9110, 11.6.1; the distribution project's token specification). Several challenges may
// stand in one header, and quoted values may hold commas, so it is read by a scanner and not by splitting.

export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  scheme: string;
  parameters: Readonly<Record<string, string>>;
}

const PARAMETER = /\s*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)/y;
const SCHEME = /[\s,]*([A-Za-z][A-Za-z0-9._~+-]*)(?=\s|$)/y;

/** The challenges of a header, in order; what cannot be read is left out. */
export function parseChallenges(header: string | null): Challenge[] {
  const text = header ?? '';
  const challenges: Challenge[] = [];
  for (let at = 0; at < text.length; ) {
    SCHEME.lastIndex = at;
    const scheme = SCHEME.exec(text)?.[1];
    if (scheme === undefined) break;
    at = SCHEME.lastIndex;
    const parameters: Record<string, string> = {};
    for (;;) {
      PARAMETER.lastIndex = at;
      const match = PARAMETER.exec(text);
      if (!match?.[1]) break;
      parameters[match[1].toLowerCase()] = match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '';
      at = PARAMETER.lastIndex;
    }
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
  return challenges;
}
