// A program on a real pseudo-terminal: what it prints is collected, what a person would type is written to it.

export interface TerminalOptions {
  env?: Record<string, string>;
  cwd?: string;
  columns?: number;
  rows?: number;
}

export interface Terminal {
  process: Bun.Subprocess;
  /** Everything printed so far, carriage returns removed. */
  output: () => string;
  type: (text: string) => void;
  resize: (columns: number, rows: number) => void;
  /** Waits until what was printed after the last `waitFor` matches; returns the match. */
  waitFor: (pattern: RegExp, timeoutMs?: number) => Promise<RegExpMatchArray>;
  /** The exit code; a program that does not end by then is killed, and the test fails. */
  ended: (timeoutMs?: number) => Promise<number>;
}

export function openTerminal(command: string[], options: TerminalOptions): Terminal {
  const decoder = new TextDecoder();
  let printed = '';
  let seen = 0;
  const child = Bun.spawn(command, {
    cwd: options.cwd,
    env: options.env,
    terminal: {
      cols: options.columns ?? 80,
      rows: options.rows ?? 24,
      data: (_terminal, bytes) => {
        printed += decoder.decode(bytes, { stream: true }).replaceAll('\r', '');
      },
    },
  });
  const output = () => printed;

  return {
    process: child,
    output,
    type: (text) => {
      child.terminal?.write(text);
    },
    resize: (columns, rows) => {
      child.terminal?.resize(columns, rows);
    },
    waitFor: async (pattern, timeoutMs = 30_000) => {
      const until = Date.now() + timeoutMs;
      for (;;) {
        const match = printed.slice(seen).match(pattern);
        if (match) {
          seen += (match.index ?? 0) + match[0].length;
          return match;
        }
        if (Date.now() > until) throw new Error(`${pattern} was not printed within ${timeoutMs} ms; printed: ${JSON.stringify(printed)}`);
        await Bun.sleep(10);
      }
    },
    ended: async (timeoutMs = 30_000) => {
      const late = Symbol();
      const code = await Promise.race([child.exited, Bun.sleep(timeoutMs).then(() => late)]);
      if (typeof code === 'number') return code;
      child.kill('SIGKILL');
      throw new Error(`"${command.join(' ')}" still runs after ${timeoutMs} ms; printed: ${JSON.stringify(printed)}`);
    },
  };
}
