// Runs as the unprivileged user, one for the whole benchmark, and does what scripts/bench.ts asks, one JSON line each: so no
// measurement contains becoming that user. The bench itself stays root, because only root may read the memory of every process.

export interface Ask {
  /** Command lines, run `parallel` at a time (default 1). */
  commands: string[][];
  parallel?: number;
  env: Record<string, string>;
}

export interface Told {
  wallMs: number;
  /** User and system time of the commands and of the children they waited for. */
  cpuMs: number;
  /** Standard output of the last command. */
  stdout: string;
  /** What the first command that failed said. */
  failure?: string;
}

if (import.meta.main) {
  for await (const line of console) console.log(JSON.stringify(await perform(JSON.parse(line))));
}

async function perform(ask: Ask): Promise<Told> {
  const told: Told = { wallMs: 0, cpuMs: 0, stdout: '' };
  const waiting = [...ask.commands];
  const begin = performance.now();
  const lanes = Array.from({ length: ask.parallel ?? 1 }, async () => {
    for (let command = waiting.shift(); command; command = waiting.shift()) await runOne(command, ask.env, told);
  });
  await Promise.all(lanes);
  told.wallMs = performance.now() - begin;
  return told;
}

async function runOne(command: string[], env: Record<string, string>, told: Told): Promise<void> {
  const child = Bun.spawn(command, { stdio: ['ignore', 'pipe', 'pipe'], env, cwd: '/' });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  told.cpuMs += Number(child.resourceUsage()?.cpuTime.total ?? 0n) / 1000;
  told.stdout = stdout.trim();
  if (code !== 0) told.failure ??= `${command.join(' ')}: ${code}: ${stderr.trim().slice(-400)}`;
}
