// Starts agent.ts as the unprivileged user. Bun and the script are copied to where that user may read them.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { Ask, Told } from './agent.ts';

export interface Agent {
  ask: (question: Ask) => Promise<Told>;
  kill: () => void;
}

export function startAgent(folder: string, { become }: { become: string[] }): Agent {
  const bun = join(folder, 'bun');
  const script = join(folder, 'agent.ts');
  cpSync(process.execPath, bun);
  cpSync(join(import.meta.dir, 'agent.ts'), script);
  const child = Bun.spawn([...become, bun, script], { stdio: ['pipe', 'pipe', 'inherit'], cwd: folder });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let text = '';
  return {
    kill: () => child.kill(),
    ask: async (question) => {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      child.stdin.flush();
      while (!text.includes('\n')) {
        const { done, value } = await reader.read();
        if (done) throw new Error('The agent of the benchmark ended');
        text += decoder.decode(value, { stream: true });
      }
      const end = text.indexOf('\n');
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      return JSON.parse(line);
    },
  };
}
