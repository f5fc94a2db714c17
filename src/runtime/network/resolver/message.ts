// DNS messages as the resolver sees them (RFC 1035, EDNS of RFC 6891): what a client asks, and an answer of our own. Answers from
// elsewhere are handed on as they came, so nothing here has to know every type of record.
// Trap: what arrives was written by anybody in the container; whatever cannot be read is no exception but `undefined` or FORMERR.
import * as dns from 'dns-packet';
import { FLAG_RESPONSE, FLAG_TRUNCATED, HEADER_BYTES } from './header.ts';

export type Rcode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';

export interface Query {
  /** As asked, for the echo. */
  name: string;
  /** `A`, `AAAA`, `PTR`, `UNKNOWN_65` … */
  type: string;
  class: string;
  /** What the client takes by UDP, in bytes. */
  udpSize: number;
  raw: Uint8Array;
}

export interface AddressAnswer {
  type: 'A' | 'AAAA' | 'PTR';
  data: string;
}

/** Docker's. */
const TTL_SECONDS = 600;

/** Without EDNS (RFC 1035, 2.3.4). */
const PLAIN_UDP_BYTES = 512;
/** What we take ourselves: one Ethernet frame's worth. */
const OUR_UDP_BYTES = 1232;

const OUR_EDNS: dns.OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: OUR_UDP_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

const FLAG_RECURSION_DESIRED = 0x0100;
const FLAG_RECURSION_AVAILABLE = 0x0080;
const OPCODES = 0x7800;

const RCODES: Readonly<Record<Rcode, number>> = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };

/** The one question of a message; or an error that can be answered, or undefined for what is no question at all. */
export function readQuery(raw: Uint8Array): Query | { rcode: Rcode } | undefined {
  if (raw.length < HEADER_BYTES) return undefined;
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const flags = bytes.readUInt16BE(2);
  if (flags & FLAG_RESPONSE) return undefined;
  if (flags & OPCODES) return { rcode: 'NOTIMP' };
  if (bytes.readUInt16BE(4) !== 1) return { rcode: 'FORMERR' };
  try {
    const { questions, additionals } = dns.decode(bytes);
    const question = questions?.[0];
    if (!question) return { rcode: 'FORMERR' };
    const edns = additionals?.find(({ type }) => type === 'OPT');
    const udpSize = edns && 'udpPayloadSize' in edns ? Math.max(edns.udpPayloadSize, PLAIN_UDP_BYTES) : PLAIN_UDP_BYTES;
    return { name: question.name, type: question.type, class: question.class ?? 'IN', udpSize, raw };
  } catch {
    return { rcode: 'FORMERR' };
  }
}

/** An answer of our own, whole. Has an OPT record if the question has one. */
export function answer(query: Query, { rcode = 'NOERROR', records = [] }: { rcode?: Rcode; records?: readonly AddressAnswer[] }): Buffer {
  const bytes = Buffer.from(query.raw.buffer, query.raw.byteOffset, query.raw.byteLength);
  const type = query.type as dns.RecordType;
  const hasEdns = bytes.readUInt16BE(10) > 0;
  return dns.encode({
    id: bytes.readUInt16BE(0),
    type: 'response',
    flags: (bytes.readUInt16BE(2) & FLAG_RECURSION_DESIRED) | FLAG_RECURSION_AVAILABLE | RCODES[rcode],
    questions: [{ name: query.name, type, class: query.class as dns.RecordClass }],
    answers: records.map((record) => ({ ...record, name: query.name, ttl: TTL_SECONDS })),
    additionals: hasEdns ? [OUR_EDNS] : [],
  });
}

/** The answer to a message whose question cannot be read: its header alone. */
export function refusal(raw: Uint8Array, rcode: Rcode): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const asked = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  header.writeUInt16BE(asked.readUInt16BE(0), 0);
  header.writeUInt16BE(FLAG_RESPONSE | (asked.readUInt16BE(2) & (OPCODES | FLAG_RECURSION_DESIRED)) | RCODES[rcode], 2);
  return header;
}

/** What of an answer fits the client's datagrams: the whole, or none of its records and the mark to ask again by TCP. */
export function fitUdp(message: Buffer, query: Query): Buffer {
  if (message.length <= query.udpSize) return message;
  const short = answer(query, {});
  short.writeUInt16BE((message.readUInt16BE(2) & ~FLAG_TRUNCATED) | FLAG_TRUNCATED, 2);
  return short;
}
