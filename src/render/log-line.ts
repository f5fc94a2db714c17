// Log entries as text for the two outputs of `logs`, neighbouring entries of one stream together.

export interface LogLine {
  log: string;
  stream: string;
  time: string;
  attrs?: Readonly<Record<string, string>>;
}

export interface LogLineOptions {
  timestamps: boolean;
  /** Docker puts the details before the line, and a space even when there are none. */
  details: boolean;
}

/** Runs of text, each for one stream, in order. */
export function renderLogLines(entries: readonly LogLine[], options: LogLineOptions): { stream: string; text: string }[] {
  const runs: { stream: string; text: string }[] = [];
  for (const entry of entries) {
    const text = lineText(entry, options);
    const last = runs.at(-1);
    if (last?.stream === entry.stream) last.text += text;
    else runs.push({ stream: entry.stream, text });
  }
  return runs;
}

function lineText({ log, time, attrs = {} }: LogLine, { timestamps, details }: LogLineOptions): string {
  if (!timestamps && !details) return log;
  const extra = Object.keys(attrs)
    .sort()
    .map((key) => `${queryEscape(key)}=${queryEscape(attrs[key] ?? '')}`)
    .join(',');
  return `${timestamps ? `${fixedTime(time)} ` : ''}${details ? `${extra} ` : ''}${log}`;
}

/** RFC 3339 with all nine decimals, so that columns line up. */
function fixedTime(time: string): string {
  const [, whole = time, decimals = ''] = /^([^.Z]*)(?:\.(\d+))?Z$/.exec(time) ?? [];
  return `${whole}.${decimals.padEnd(9, '0')}Z`;
}

/** Go's url.QueryEscape. */
const queryEscape = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
