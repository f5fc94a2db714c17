import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { relaySocket } from '../../../src/runtime/socket-relay.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-relay-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Sends to the socket at `path`; what comes back until its end. */
async function ask(path: string, text: string): Promise<string> {
  let answer = '';
  const ended = Promise.withResolvers<string>();
  await Bun.connect({
    unix: path,
    socket: {
      open: (socket) => void socket.write(text),
      data: (_, data) => {
        answer += data.toString();
      },
      close: () => ended.resolve(answer),
      error: () => ended.resolve(answer),
    },
  });
  return ended.promise;
}

test('each connection is led on, with all that is said, and ends with the other side', async () => {
  const target = join(folder, 'target');
  const server = Bun.listen({
    unix: target,
    socket: {
      data: (socket, data) => {
        socket.write(`${data.toString()} ${'x'.repeat(100_000)}`);
        socket.end();
      },
    },
  });
  const relay = relaySocket(join(folder, 'relay'), target);
  const answers = await Promise.all(['one', 'two'].map((text) => ask(join(folder, 'relay'), text)));
  expect(answers.map((answer) => [answer.slice(0, 4), answer.length])).toEqual([
    ['one ', 100_004],
    ['two ', 100_004],
  ]);
  relay.end();
  server.stop(true);
});

test('where nobody listens the connection ends', async () => {
  const relay = relaySocket(join(folder, 'relay'), join(folder, 'nobody'));
  expect(await ask(join(folder, 'relay'), 'hello')).toBe('');
  relay.end();
});
