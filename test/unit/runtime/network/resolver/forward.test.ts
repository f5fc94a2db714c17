// Against real sockets: each fake server has an address of 127.0.0.0/8 of its own, all the same port.
import * as dns from 'dns-packet';
import { forwarder } from '../../../../../src/runtime/network/resolver/forward.ts';
import { framed, tcpFrames } from '../../../../../src/runtime/network/resolver/frames.ts';
import { idOf, rcodeOf } from '../../../../../src/runtime/network/resolver/header.ts';

type Answer = (query: Buffer) => Buffer | undefined;

const open: { stop: () => void }[] = [];
let port = 0;
let asked: string[] = [];

beforeEach(() => {
  asked = [];
});
afterEach(() => {
  for (const each of open.splice(0)) each.stop();
});

const question = (name = 'a.example', id = 4711): Buffer =>
  dns.encode({ type: 'query', id, flags: 0x100, questions: [{ name, type: 'A' }] });
const says =
  (address: string): Answer =>
  (query) => {
    const { id, questions } = dns.decode(query);
    return dns.encode({ type: 'response', id, questions, answers: [{ type: 'A', name: 'a.example', ttl: 5, data: address }] });
  };
const fails =
  (rcode: number): Answer =>
  (query) =>
    dns.encode({ type: 'response', id: idOf(query), flags: rcode, questions: dns.decode(query).questions });
const silent: Answer = () => undefined;
const addressIn = (answer: Buffer | undefined) => {
  const first = answer && dns.decode(answer).answers?.[0];
  return first?.type === 'A' ? first.data : undefined;
};

async function serve(hostname: string, answer: Answer): Promise<void> {
  const udp = await Bun.udpSocket({
    hostname,
    port,
    socket: {
      data: (socket, query, clientPort, client) => {
        asked.push(hostname);
        const reply = answer(Buffer.from(query));
        if (reply) socket.send(reply, clientPort, client);
      },
    },
  });
  port = udp.port;
  const tcp = Bun.listen<(chunk: Uint8Array) => void>({
    hostname,
    port,
    socket: {
      open: (socket) => {
        socket.data = tcpFrames((query) => {
          asked.push(`${hostname} tcp`);
          const reply = answer(query);
          if (reply) socket.write(framed(reply));
        });
      },
      data: (socket, chunk) => socket.data(chunk),
    },
  });
  open.push({
    stop: () => {
      udp.close();
      tcp.stop(true);
    },
  });
}

const forwardTo = (servers: string[], more = {}) => forwarder({ servers: () => servers, port, roundsMs: [150, 300], ...more });

test.each(['udp', 'tcp'] as const)('the answer comes back by %s under the id of the question', async (transport) => {
  await serve('127.0.9.1', says('192.0.2.1'));
  const answer = await forwardTo(['127.0.9.1'])(question(), transport);
  expect([addressIn(answer), answer && idOf(answer)]).toEqual(['192.0.2.1', 4711]);
});

test('another server is asked when the first is silent, and the silent one comes last from then on', async () => {
  await serve('127.0.9.1', silent);
  await serve('127.0.9.2', says('192.0.2.2'));
  const forward = forwardTo(['127.0.9.1', '127.0.9.2']);
  expect(addressIn(await forward(question(), 'udp'))).toBe('192.0.2.2');
  expect(addressIn(await forward(question(), 'udp'))).toBe('192.0.2.2');
  expect(asked).toEqual(['127.0.9.1', '127.0.9.2', '127.0.9.2']);
});

test('the next one also when nobody is there, when the address is no address, and by TCP', async () => {
  await serve('127.0.9.2', says('192.0.2.2'));
  const forward = forwardTo(['127.0.9.1', '999.1.1.1', '127.0.9.2']);
  expect(addressIn(await forward(question(), 'udp'))).toBe('192.0.2.2');
  expect(addressIn(await forward(question(), 'tcp'))).toBe('192.0.2.2');
});

test.each([
  ['SERVFAIL', 2],
  ['NOTIMP', 4],
  ['REFUSED', 5],
])('the next one when the first says %s; that is the answer when nobody knows better', async (_, rcode) => {
  await serve('127.0.9.1', fails(rcode));
  expect(rcodeOf((await forwardTo(['127.0.9.1'])(question(), 'udp')) ?? Buffer.alloc(0), 4711)).toBe(rcode);
  await serve('127.0.9.2', says('192.0.2.2'));
  expect(addressIn(await forwardTo(['127.0.9.1', '127.0.9.2'])(question(), 'udp'))).toBe('192.0.2.2');
});

test('NXDOMAIN is an answer', async () => {
  await serve('127.0.9.1', fails(3));
  await serve('127.0.9.2', says('192.0.2.2'));
  const answer = await forwardTo(['127.0.9.1', '127.0.9.2'])(question(), 'udp');
  expect([answer && rcodeOf(answer, 4711), asked]).toEqual([3, ['127.0.9.1']]);
});

test('an answer under another id is not taken', async () => {
  await serve('127.0.9.1', (query) => {
    const reply = says('192.0.2.66')(query);
    reply?.writeUInt16BE((idOf(query) + 1) & 0xffff, 0);
    return reply;
  });
  await serve('127.0.9.2', says('192.0.2.2'));
  expect(addressIn(await forwardTo(['127.0.9.1', '127.0.9.2'])(question(), 'udp'))).toBe('192.0.2.2');
});

test('nobody answers: nothing, and each was asked once a round', async () => {
  await serve('127.0.9.1', silent);
  await serve('127.0.9.2', silent);
  expect(await forwardTo(['127.0.9.1', '127.0.9.2'])(question(), 'udp')).toBeUndefined();
  expect(asked).toEqual(['127.0.9.1', '127.0.9.2', '127.0.9.1', '127.0.9.2']);
});

test('no servers at all: nothing', async () => {
  expect(await forwarder({ servers: () => [] })(question(), 'udp')).toBeUndefined();
});

test('servers are asked for anew with each question', async () => {
  await serve('127.0.9.1', says('192.0.2.1'));
  await serve('127.0.9.2', says('192.0.2.2'));
  let server = '127.0.9.1';
  const forward = forwarder({ servers: () => [server], port });
  expect(addressIn(await forward(question(), 'udp'))).toBe('192.0.2.1');
  server = '127.0.9.2';
  expect(addressIn(await forward(question(), 'udp'))).toBe('192.0.2.2');
});

test('a thousand at once all get theirs', async () => {
  await serve('127.0.9.1', (query) => says(`10.0.${Math.floor(Number(dns.decode(query).questions?.[0]?.name) / 256)}.1`)(query));
  const forward = forwardTo(['127.0.9.1'], { roundsMs: [5000] });
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, index) => forward(question(String(index), index), 'udp')));
  expect(answers.map((answer) => answer && idOf(answer))).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  expect(addressIn(answers[700])).toBe('10.0.2.1');
});
