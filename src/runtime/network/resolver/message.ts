// DNS messages as the resolver sees them (RFC 1035, EDNS of RFC 6891): what a client asks, and an answer of our own. Written by hand, as every
// look-up of a peer passes here: npm's dns-packet takes 75 µs of a look-up's 110, this takes 10. Answers from elsewhere are handed on as they came.
// Trap: what arrives was written by anybody in the container; whatever cannot be read is no exception but `undefined` or FORMERR.
import { parseIp } from '../../../sys/ip.ts';
import { FLAG_RESPONSE, FLAG_TRUNCATED, HEADER_BYTES } from './header.ts';

export type Rcode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';

/** Numbers of record types and of classes. */
export const TYPE = { A: 1, PTR: 12, AAAA: 28, OPT: 41, ANY: 255 } as const;
export const CLASS = { IN: 1, ANY: 255 } as const;

export interface Query {
  /** In the case that it was asked in, a byte a character, without a dot at its end. */
  name: string;
  type: number;
  class: number;
  /** Where the question ends in `raw`. */
  end: number;
  hasEdns: boolean;
  /** What the client takes by UDP, in bytes. */
  udpSize: number;
  raw: Buffer;
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
const OPT_BYTES = 11;
const MOST_NAME_BYTES = 255;

const FLAG_RECURSION_DESIRED = 0x0100;
const FLAG_RECURSION_AVAILABLE = 0x0080;
const OPCODES = 0x7800;
/** A name that is the question's: a pointer to what follows the header. */
const SAME_NAME = 0xc000 | HEADER_BYTES;

const RCODES: Readonly<Record<Rcode, number>> = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };

/** The one question of a message; or an error that can be answered, or undefined for what is no question at all. */
export function readQuery(message: Uint8Array): Query | { rcode: Rcode } | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const raw = Buffer.isBuffer(message) ? message : Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const flags = raw.readUInt16BE(2);
  if (flags & FLAG_RESPONSE) return undefined;
  if (flags & OPCODES) return { rcode: 'NOTIMP' };
  if (raw.readUInt16BE(4) !== 1) return MALFORMED;
  let name = '';
  let at = HEADER_BYTES;
  for (let length = raw[at]; length !== 0; length = raw[at]) {
    // Nothing stands before the first name that it could point to.
    if (length === undefined || length > 63 || at + 1 + length >= raw.length || at - HEADER_BYTES > MOST_NAME_BYTES) return MALFORMED;
    const label = raw.toString('latin1', at + 1, at + 1 + length);
    // A dot within a label is none between two.
    name += `${name === '' ? '' : '.'}${label.includes('.') ? label.replaceAll('.', '\\.') : label}`;
    at += 1 + length;
  }
  const end = at + 5;
  if (end > raw.length) return MALFORMED;
  const query: Query = {
    name,
    type: raw.readUInt16BE(at + 1),
    class: raw.readUInt16BE(at + 3),
    end,
    hasEdns: false,
    udpSize: PLAIN_UDP_BYTES,
    raw,
  };
  return readEdns(query) ? query : MALFORMED;
}

const MALFORMED = { rcode: 'FORMERR' } as const;

/** An answer of our own, whole. Has an OPT record if the question has one. */
export function answer(query: Query, { rcode = 'NOERROR', records = [] }: { rcode?: Rcode; records?: readonly AddressAnswer[] }): Buffer {
  const { raw, end, hasEdns } = query;
  const contents = records.map(contentOf);
  const size = contents.reduce((sum, content) => sum + 12 + content.length, end) + (hasEdns ? OPT_BYTES : 0);
  const reply = Buffer.alloc(size);
  raw.copy(reply, 0, 0, end);
  reply.writeUInt16BE(FLAG_RESPONSE | (raw.readUInt16BE(2) & FLAG_RECURSION_DESIRED) | FLAG_RECURSION_AVAILABLE | RCODES[rcode], 2);
  reply.writeUInt16BE(records.length, 6);
  reply.writeUInt16BE(0, 8);
  reply.writeUInt16BE(hasEdns ? 1 : 0, 10);
  let at = end;
  for (let index = 0; index < records.length; index++) {
    const content = contents[index] as Uint8Array;
    at = reply.writeUInt16BE(SAME_NAME, at);
    at = reply.writeUInt16BE(TYPE[records[index]?.type ?? 'A'], at);
    at = reply.writeUInt16BE(CLASS.IN, at);
    at = reply.writeUInt32BE(TTL_SECONDS, at);
    at = reply.writeUInt16BE(content.length, at);
    reply.set(content, at);
    at += content.length;
  }
  if (hasEdns) {
    // The root's name, one byte, is zero as the rest of it is.
    reply.writeUInt16BE(TYPE.OPT, at + 1);
    reply.writeUInt16BE(OUR_UDP_BYTES, at + 3);
  }
  return reply;
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
  short.writeUInt16BE(message.readUInt16BE(2) | FLAG_TRUNCATED, 2);
  return short;
}

/** Looks for an OPT record behind the question; false when what stands there is no record. */
function readEdns(query: Query): boolean {
  const { raw } = query;
  const others = raw.readUInt16BE(6) + raw.readUInt16BE(8);
  const additional = raw.readUInt16BE(10);
  let at = query.end;
  for (let index = 0; index < others + additional; index++) {
    at = endOfName(raw, at);
    if (at + 10 > raw.length) return false;
    if (index >= others && raw.readUInt16BE(at) === TYPE.OPT) {
      query.hasEdns = true;
      query.udpSize = Math.max(raw.readUInt16BE(at + 2), PLAIN_UDP_BYTES);
    }
    at += 10 + raw.readUInt16BE(at + 8);
    if (at > raw.length) return false;
  }
  return true;
}

function endOfName(raw: Buffer, from: number): number {
  let at = from;
  for (let length = raw[at]; length !== undefined && length !== 0; length = raw[at]) {
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
  return at + 1;
}

function contentOf({ type, data }: AddressAnswer): Uint8Array {
  if (type !== 'PTR') return parseIp(data) ?? new Uint8Array();
  return Buffer.concat([
    ...data.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]),
    Buffer.alloc(1),
  ]);
}
