// The hook is run as a runtime runs it: the container's state on its standard input, whose end the runtime closes.
import { type Gate, makeGate } from '../../../../src/runtime/supervisor/gate.ts';

const state = `${JSON.stringify({ ociVersion: '1.0.2', annotations: { filter: 'A'.repeat(20_000), word: 'go\n', bare: '\ngo' } })}\n`;

async function atGate(gate: Gate): Promise<Bun.Subprocess<'pipe', 'ignore', 'inherit'>> {
  const hook = gate.hooks.createRuntime?.[0];
  if (!hook) throw new Error('No hook');
  const child = Bun.spawn([hook.path, ...(hook.args ?? []).slice(1)], { stdio: ['pipe', 'ignore', 'inherit'] });
  await child.stdin.write(state);
  await child.stdin.end();
  return child;
}

const grep = Bun.which('grep') ?? '';

test('a gate lets pass who comes before it is opened, and who comes after', async () => {
  const gate = makeGate(grep);
  const early = await atGate(gate);
  expect(await Promise.race([early.exited, Bun.sleep(100).then(() => 'waits')])).toBe('waits');
  gate.open();
  expect(await early.exited).toBe(0);
  gate.remove();

  const other = makeGate(grep);
  other.open();
  const late = await atGate(other);
  expect(await late.exited).toBe(0);
  other.remove();
});

test('a gate that is removed unopened is an error for who waits there', async () => {
  const gate = makeGate(grep);
  const child = await atGate(gate);
  gate.remove();
  expect(await child.exited).toBeGreaterThan(0);
});
