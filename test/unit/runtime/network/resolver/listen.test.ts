import * as dns from 'dns-packet';
import { exchange } from '../../../../../src/runtime/network/resolver/exchange.ts';
import { framed, tcpFrames } from '../../../../../src/runtime/network/resolver/frames.ts';
import { idOf } from '../../../../../src/runtime/network/resolver/header.ts';
import { listen } from '../../../../../src/runtime/network/resolver/listen.ts';
import { nameTable } from '../../../../../src/runtime/network/resolver/names.ts';
import { replier } from '../../../../../src/runtime/network/resolver/reply.ts';

const members = Array.from({ length: 60 }, (_, index) => ({
  version: 1 as const,
  ContainerId: String(index),
  ContainerName: `c${index}`,
  Hostname: '',
  EndpointId: '',
  Interface: 'eth0',
  MacAddress: '',
  IPv4: `172.18.0.${index + 2}`,
  IPv4Prefix: 16,
  IPv6: '',
  IPv6Prefix: 0,
  Gateway: '',
  Aliases: ['all'],
}));
const table = nameTable([{ network: 'mynet', members }]);
const told: string[] = [];
const reply = replier({
  knowledge: () => ({ table, isAlive: () => true }),
  outside: async () => undefined,
  onLocal: async (name, addresses) => void told.push(`${name} ${addresses}`),
});
let server: Awaited<ReturnType<typeof listen>>;
beforeAll(async () => {
  server = await listen({ address: '127.0.9.53', port: 0, reply });
});
afterAll(() => server.close());

const question = (name: string, id = 7): Buffer => dns.encode({ type: 'query', id, questions: [{ name, type: 'A' }] });
async function ask(name: string, transport: 'udp' | 'tcp'): Promise<dns.DecodedPacket> {
  const answer = await exchange({ server: '127.0.9.53', port: server.port, transport, message: question(name), timeoutMs: 5000 });
  if (typeof answer === 'string') throw new Error(answer);
  return dns.decode(answer);
}

test('a name by UDP and by TCP', async () => {
  for (const transport of ['udp', 'tcp'] as const) {
    expect((await ask('c1', transport)).answers).toEqual([expect.objectContaining({ type: 'A', data: '172.18.0.3' })]);
  }
  expect(told).toEqual(['c1 172.18.0.3', 'c1 172.18.0.3']);
});

test('what does not fit a datagram comes whole by TCP', async () => {
  expect(await ask('all', 'udp')).toMatchObject({ flag_tc: true, answers: [] });
  const whole = await ask('all', 'tcp');
  expect([whole.flag_tc, whole.answers?.length]).toEqual([false, 60]);
});

test('nobody outside answers: SERVFAIL', async () => {
  expect(await ask('a.example', 'udp')).toMatchObject({ rcode: 'SERVFAIL', answers: [] });
});

test('what cannot be looked up now is a failure, and no end', async () => {
  const failing = replier({
    knowledge: () => {
      throw new Error('EMFILE');
    },
    outside: async () => undefined,
  });
  const reply = await failing(question('c1'), 'udp');
  expect(reply && dns.decode(reply)).toMatchObject({ id: 7, rcode: 'SERVFAIL', answers: [] });
});

test('garbage neither kills it nor is answered, and questions in pieces and in one piece are', async () => {
  const garbage = await Bun.udpSocket({ connect: { hostname: '127.0.9.53', port: server.port }, socket: { data() {} } });
  for (let length = 0; length < 200; length++) garbage.send(crypto.getRandomValues(new Uint8Array(length)));
  garbage.close();
  const answered: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const take = tcpFrames((answer) => {
    answered.push(idOf(answer));
    if (answered.length === 3) resolve();
  });
  const socket = await Bun.connect({ hostname: '127.0.9.53', port: server.port, socket: { data: (_, chunk) => take(chunk) } });
  const bytes = Buffer.concat([framed(question('c1', 1)), framed(question('c2', 2)), framed(question('c3', 3))]);
  for (const [from, to] of [
    [0, 1],
    [1, 9],
    [9, bytes.length],
  ] as const) {
    socket.write(bytes.subarray(from, to));
    socket.flush();
    await Bun.sleep(5);
  }
  await promise;
  socket.end();
  expect(answered.toSorted()).toEqual([1, 2, 3]);
});

test('an address that is taken is refused, with nothing left open', async () => {
  await expect(listen({ address: '127.0.9.53', port: server.port, reply })).rejects.toThrow(/EADDRINUSE/);
});
