import * as dns from 'dns-packet';
import { addressesOf } from '../../../../../src/runtime/network/resolver/found-addresses.ts';
import { isTruncated, rcodeOf } from '../../../../../src/runtime/network/resolver/header.ts';
import { answer, fitUdp, type Query, readQuery, refusal } from '../../../../../src/runtime/network/resolver/message.ts';

const asked = (name: string, type: dns.RecordType = 'A', more: Partial<dns.Packet> = {}): Buffer =>
  dns.encode({ type: 'query', id: 4711, flags: dns.RECURSION_DESIRED, questions: [{ name, type }], ...more });

const withEdns = (udpPayloadSize: number): Partial<dns.Packet> => ({
  additionals: [{ type: 'OPT', name: '.', udpPayloadSize, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }],
});

function read(raw: Uint8Array): Query {
  const query = readQuery(raw);
  if (!query || 'rcode' in query) throw new Error('No question');
  return query;
}

test('a question is read, its name in the case it has', () => {
  expect(read(asked('Web.MyNet', 'AAAA'))).toMatchObject({ name: 'Web.MyNet', type: 28, class: 1, udpSize: 512 });
});

test('a type that we do not know is answered under its number', () => {
  const raw = asked('web', 'A');
  // The type stands after the name: 03 "web" 00.
  raw.writeUInt16BE(65, 12 + 5);
  const query = read(raw);
  const reply = answer(query, {});
  expect([query.type, reply.readUInt16BE(12 + 5), reply.readUInt16BE(4), reply.readUInt16BE(6)]).toEqual([65, 65, 1, 0]);
});

test.each([
  [4096, 4096],
  [100, 512],
])('EDNS with a size of %i takes %i bytes', (given, taken) => {
  expect(read(asked('web', 'A', withEdns(given))).udpSize).toBe(taken);
});

test('what is no question is passed over: a stub of a header, an answer', () => {
  expect(readQuery(new Uint8Array(11))).toBeUndefined();
  expect(readQuery(dns.encode({ type: 'response', id: 1, questions: [{ name: 'web', type: 'A' }] }))).toBeUndefined();
});

test('what cannot be read is answered by its header alone', () => {
  const cut = asked('web').subarray(0, 15);
  expect(readQuery(cut)).toEqual({ rcode: 'FORMERR' });
  const reply = refusal(cut, 'FORMERR');
  expect([reply.length, reply.readUInt16BE(0), rcodeOf(reply, 4711)]).toEqual([12, 4711, 1]);
});

test('a name that points at itself, two questions and none, an update: refused', () => {
  const loop = Buffer.concat([asked('web').subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]);
  expect(readQuery(loop)).toEqual({ rcode: 'FORMERR' });
  const two = dns.encode({
    type: 'query',
    id: 1,
    questions: [
      { name: 'a', type: 'A' },
      { name: 'b', type: 'A' },
    ],
  });
  expect(readQuery(two)).toEqual({ rcode: 'FORMERR' });
  expect(readQuery(dns.encode({ type: 'query', id: 1, questions: [] }))).toEqual({ rcode: 'FORMERR' });
  const update = asked('web');
  update.writeUInt16BE(5 << 11, 2);
  expect(readQuery(update)).toEqual({ rcode: 'NOTIMP' });
});

test('every cut of a good question, and every flipped byte, is read or refused without an exception', () => {
  const whole = asked('web.mynet', 'A', withEdns(1232));
  for (let end = 0; end < whole.length; end++) readQuery(whole.subarray(0, end));
  for (let at = 0; at < whole.length; at++) {
    for (const value of [0, 0x3f, 0x40, 0xc0, 0xff]) {
      const broken = Buffer.from(whole);
      broken[at] = value;
      const query = readQuery(broken);
      if (query && !('rcode' in query)) answer(query, {});
    }
  }
  expect(read(whole).name).toBe('web.mynet');
});

test('an answer echoes id, question and case, says that recursion is there, and holds for 600 seconds', () => {
  const reply = dns.decode(answer(read(asked('WEB')), { records: [{ type: 'A', data: '172.18.0.2' }] }));
  expect(reply).toMatchObject({
    id: 4711,
    type: 'response',
    rcode: 'NOERROR',
    flag_rd: true,
    flag_ra: true,
    flag_aa: false,
    questions: [{ name: 'WEB', type: 'A' }],
    answers: [{ name: 'WEB', type: 'A', ttl: 600, data: '172.18.0.2' }],
    additionals: [],
  });
});

test('a question with EDNS gets an answer with EDNS', () => {
  const reply = dns.decode(answer(read(asked('web', 'A', withEdns(4096))), { records: [{ type: 'AAAA', data: 'fd00::2' }] }));
  expect([reply.additionals?.[0]?.type, reply.answers?.[0]]).toEqual(['OPT', expect.objectContaining({ type: 'AAAA', data: 'fd00::2' })]);
});

test('an answer that is too long for the client comes without records and says so; EDNS makes room', () => {
  const records = Array.from({ length: 40 }, (_, index) => ({ type: 'A' as const, data: `172.18.0.${index + 2}` }));
  const small = read(asked('web'));
  const short = fitUdp(answer(small, { records }), small);
  expect([short.length <= 512, isTruncated(short), dns.decode(short).answers]).toEqual([true, true, []]);
  const large = read(asked('web', 'A', withEdns(4096)));
  const whole = fitUdp(answer(large, { records }), large);
  expect([isTruncated(whole), dns.decode(whole).answers?.length]).toEqual([false, 40]);
});

test('the addresses of an answer, and the shortest time that any link to them holds', () => {
  const message = dns.encode({
    type: 'response',
    id: 1,
    questions: [{ name: 'a.example', type: 'A' }],
    answers: [
      { type: 'CNAME', name: 'a.example', ttl: 30, data: 'b.example' },
      { type: 'A', name: 'b.example', ttl: 300, data: '192.0.2.1' },
      { type: 'AAAA', name: 'b.example', ttl: 300, data: '2001:db8::1' },
    ],
  });
  expect(addressesOf(message)).toEqual({ addresses: ['192.0.2.1', '2001:db8::1'], ttl: 30 });
  expect(addressesOf(message.subarray(0, 30))).toEqual({ addresses: [], ttl: 0 });
});

test('a dot within a label is none between two, and bytes beyond ASCII do no harm', () => {
  const dotted = asked('webx.net');
  // 04 "webx" … : the x becomes a dot.
  dotted[16] = 0x2e;
  expect(read(dotted).name).toBe('web\\..net');
  const odd = asked('webx');
  odd[16] = 0xff;
  expect([...answer(read(odd), {}).subarray(12, 18)]).toEqual([...odd.subarray(12, 18)]);
});

test('names of many labels up to the longest are read, longer ones refused', () => {
  const longest = Array(4).fill('a'.repeat(61)).join('.');
  expect(read(asked(longest)).name).toBe(longest);
  const endless = Buffer.concat([asked('').subarray(0, 12), Buffer.alloc(600, 1)]);
  expect(readQuery(endless)).toEqual({ rcode: 'FORMERR' });
});

test('a reverse answer is a name', () => {
  const reply = dns.decode(answer(read(asked('2.0.18.172.in-addr.arpa', 'PTR')), { records: [{ type: 'PTR', data: 'web.my.net' }] }));
  expect(reply.answers).toEqual([expect.objectContaining({ type: 'PTR', data: 'web.my.net' })]);
});
