// Run on its own: makes the test images, serves them, and prints one line of JSON, `{"address","missing"}`, once it answers.
// It lives until its standard input closes, so that it cannot outlive the script that started it.
import { startTestRegistry } from './registry.ts';

const registry = await startTestRegistry();
console.log(JSON.stringify({ address: registry.address, missing: registry.missing }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(143));
for await (const _ of Bun.stdin.stream());
end(0);

function end(code: number): never {
  registry.stop();
  process.exit(code);
}
