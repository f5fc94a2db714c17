// The entry of every role. Only what `--version` needs is imported statically: each role and each command is a chunk of its own,
// loaded when asked for, so the supervisor never carries the front's code and `skiff --version` stays at a bare start's cost.
import { writeSync } from 'node:fs';
import { versionLine } from './cli/version.ts';

process.exit(await main(process.argv.slice(2)));

async function main(words: string[]): Promise<number> {
  const [first, ...rest] = words;
  if (first === '__supervise') return (await import('./runtime/supervisor/main.ts')).main(rest);
  if (first === '__work') return (await import('./engine/worker.ts')).main();
  if (words.length === 1 && (first === '--version' || first === '-v')) {
    writeSync(1, versionLine());
    return 0;
  }
  return (await import('./cli/front.ts')).front(words);
}
