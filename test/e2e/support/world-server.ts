// The name servers and hosts of world.ts, a program of its own because it lives in that world's network namespace. Its zones are a file that the
// test may rewrite at any time; what it was asked goes to another.
import { appendFileSync, readFileSync } from 'node:fs';
import * as dns from 'dns-packet';
import type { Zone } from './world.ts';

const about = JSON.parse(process.argv[2] ?? '{}') as { dns: string[]; hosts: string[]; zones: string; log: string };

for (const address of about.dns) {
  await Bun.udpSocket({
    hostname: address,
    port: 53,
    socket: {
      data: (socket, message, port, client) => {
        const reply = answer(address, Buffer.from(message), 'udp');
        if (reply) socket.send(reply, port, client);
      },
    },
  });
  Bun.listen({
    hostname: address,
    port: 53,
    socket: {
      data: (socket, chunk) => {
        const reply = answer(address, Buffer.from(chunk.subarray(2)), 'tcp');
        if (reply) socket.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 0xff]), reply]));
      },
    },
  });
}
for (const host of about.hosts) {
  const [, hostname = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(host) ?? [];
  Bun.serve({ hostname, port: Number(port), fetch: () => new Response(`hello from ${host}\n`) });
  await Bun.udpSocket({
    hostname,
    port: Number(port),
    socket: { data: (socket, message, from, client) => void socket.send(message, from, client) },
  });
}
console.log('ready');

function answer(server: string, message: Buffer, transport: 'udp' | 'tcp'): Buffer | undefined {
  const { id, questions = [], additionals = [] } = dns.decode(message);
  const [question] = questions;
  if (!question) return undefined;
  appendFileSync(about.log, `${server} ${question.name} ${question.type} ${transport}\n`);
  const zone: Zone = JSON.parse(readFileSync(about.zones, 'utf8'))[server] ?? {};
  if (zone === 'silent') return undefined;
  if (zone === 'SERVFAIL' || zone === 'REFUSED') return dns.encode({ type: 'response', id, questions, flags: zone === 'SERVFAIL' ? 2 : 5 });
  const records = zone[question.name.toLowerCase()];
  if (!records) return dns.encode({ type: 'response', id, questions, flags: 0x80 | 3 });
  const aliases = records.CNAME ?? [];
  const owner = aliases[0] ?? question.name;
  const wanted = question.type === 'A' || question.type === 'AAAA' || question.type === 'PTR' ? question.type : undefined;
  const found = wanted ? (records[wanted] ?? []) : [];
  const answers = [
    ...aliases.map((data) => ({ type: 'CNAME' as const, name: question.name, ttl: 60, data })),
    ...found.map((data) => ({ type: wanted ?? 'A', name: owner, ttl: 60, data })),
  ];
  const whole = dns.encode({ type: 'response', id, flags: 0x80, questions, answers });
  const edns = additionals.find(({ type }) => type === 'OPT');
  const room = edns && 'udpPayloadSize' in edns ? edns.udpPayloadSize : 512;
  if (transport === 'tcp' || whole.length <= room) return whole;
  return dns.encode({ type: 'response', id, flags: 0x80 | dns.TRUNCATED_RESPONSE, questions });
}
