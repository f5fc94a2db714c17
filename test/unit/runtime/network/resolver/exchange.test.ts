// Questions to servers that are there, that are not, and that a network swallows: the last in a network namespace of its own, whose only way out
// is a cable to nobody.
import { join } from 'node:path';
import { exchange } from '../../../../../src/runtime/network/resolver/exchange.ts';

const QUESTION = Buffer.from('123401000001000000000000046e616d650000010001', 'hex');
const ANSWER = (asked: Uint8Array): Buffer => {
  const answer = Buffer.from(asked);
  answer[2] = 0x81;
  return answer;
};

test('TCP: the answer comes under the id of the question, and the connection is closed', async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket, chunk) {
        const answer = ANSWER(chunk.subarray(2));
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        // In two parts, as a network may do.
        socket.write(length);
        socket.write(answer);
      },
      close: () => resolve(),
    },
  });
  try {
    const asked = { server: '127.0.0.1', port: server.port, transport: 'tcp', message: QUESTION, timeoutMs: 10_000 } as const;
    expect(await exchange(asked)).toEqual(ANSWER(QUESTION));
    await closed;
  } finally {
    server.stop(true);
  }
});

test('TCP: nobody there is no answer', async () => {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  expect(await exchange({ server: '127.0.0.1', port, transport: 'tcp', message: QUESTION, timeoutMs: 10_000 })).toBe('unreachable');
});

test('TCP: of a server that the network swallows nothing is left after the deadline', () => {
  const code = `
    const { exchange } = await import(${JSON.stringify(join(__dirname, '../../../../../src/runtime/network/resolver/exchange.ts'))});
    const { readFileSync } = await import('node:fs');
    const trying = () => readFileSync('/proc/self/net/tcp', 'utf8').split('\\n').filter((line) => /:0035 02 /.test(line)).length;
    const answer = exchange({ server: '192.0.2.1', transport: 'tcp', message: Buffer.alloc(20), timeoutMs: 1000 });
    while (trying() === 0) await Bun.sleep(10);
    console.log(await answer);
    while (trying() > 0) await Bun.sleep(10);
    console.log('nothing is left');
    process.exit(0);`;
  const network = [
    'ip link add name v0 type veth peer name v1',
    'ip addr add 192.0.2.9/24 dev v0',
    'ip link set v0 up',
    'ip link set v1 up',
    'ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:99 dev v0',
  ];
  const { stdout, stderr } = Bun.spawnSync(
    ['unshare', '--user', '--map-root-user', '--net', 'sh', '-ec', `${network.join('\n')}\nexec "$0" -e "$1"`, process.execPath, code],
    { stdin: 'ignore', timeout: 30_000 },
  );
  expect([stdout.toString(), stderr.toString()]).toEqual(['timeout\nnothing is left\n', '']);
});
