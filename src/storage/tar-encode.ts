// One tar header block written (POSIX.1-1988 ustar), and the PAX records of what does not fit into it: long names and names that are not
// ASCII, large numbers, parts of a second, extended attributes. The counterpart of tar-header.ts and tar-pax.ts: names are
// byte strings, and come out as the bytes that went in.
// Trap: a name that is no UTF-8 stays in the block where it fits, for PAX says that its own names are UTF-8.
import { BLOCK_BYTES, type TarHeader } from './tar-header.ts';

const LARGEST_OCTAL_7 = 0o7777777;
const LARGEST_OCTAL_11 = 0o77777777777;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const XATTR = 'SCHILY.xattr.';
const NOT_ASCII = /[\u0080-\u00ff]/;

/** The records that must precede `header`, sorted by key; empty for what a plain block can say. */
export function paxRecordsFor(header: TarHeader): [key: string, value: string | Buffer][] {
  const records: [string, string | Buffer][] = [];
  if (header.gid > LARGEST_OCTAL_7) records.push(['gid', String(header.gid)]);
  if (needsRecord(header.linkName, header.linkName.length <= NAME_BYTES)) records.push(['linkpath', header.linkName]);
  if (header.mtimeNanoseconds !== 0 || header.mtimeSeconds < 0 || header.mtimeSeconds > LARGEST_OCTAL_11)
    records.push(['mtime', timeText(header)]);
  if (needsRecord(header.name, splitName(header.name) !== undefined)) records.push(['path', header.name]);
  if (header.size > LARGEST_OCTAL_11) records.push(['size', String(header.size)]);
  if (header.uid > LARGEST_OCTAL_7) records.push(['uid', String(header.uid)]);
  const xattrs: [string, Buffer][] = [...(header.xattrs ?? [])].map(([name, value]) => [`${XATTR}${name}`, value]);
  return [...records, ...xattrs].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** The body of an `x` entry: `<length> <key>=<value>\n` each, the length counting itself. */
export function encodePax(records: [key: string, value: string | Buffer][]): Buffer {
  return Buffer.concat(
    records.map(([key, value]) => {
      const tail = Buffer.concat([
        Buffer.from(` ${key}=`, 'latin1'),
        typeof value === 'string' ? Buffer.from(value, 'latin1') : value,
        NEWLINE,
      ]);
      let length = tail.length + 1;
      while (String(length).length + tail.length !== length) length = String(length).length + tail.length;
      return Buffer.concat([Buffer.from(String(length)), tail]);
    }),
  );
}

const NEWLINE = Buffer.from('\n');

/** The `x` entry that carries `size` bytes of records for `header`. */
export function paxHeaderFor(header: TarHeader, size: number): TarHeader {
  const name = header.name.replace(/\/$/, '');
  const slash = name.lastIndexOf('/');
  const place = `${name.slice(0, slash + 1)}PaxHeaders.0/${name.slice(slash + 1)}`;
  // Nobody reads this name but programs that do not know PAX.
  const short = place.length > NAME_BYTES || NOT_ASCII.test(place) ? 'PaxHeaders.0/entry' : place;
  return { ...header, name: short, linkName: '', type: 'x', mode: 0o644, uid: 0, gid: 0, size, mtimeSeconds: 0, mtimeNanoseconds: 0 };
}

/** Writes the block to `block[at, at + 512)`. What does not fit is cut or 0: its PAX record says it. */
export function writeTarHeader(block: Buffer, at: number, header: TarHeader): void {
  const { uid, gid, size, mtimeSeconds: mtime } = header;
  const split = splitName(header.name) ?? { prefix: '', name: header.name };
  const type = header.type.charCodeAt(0);
  block.set(EMPTY, at);
  block[at + 156] = type;
  const sum =
    EMPTY_SUM +
    type +
    text(block, at, split.name) +
    octal(block, at + 100, 7, header.mode) +
    octal(block, at + 108, 7, uid > LARGEST_OCTAL_7 ? 0 : uid) +
    octal(block, at + 116, 7, gid > LARGEST_OCTAL_7 ? 0 : gid) +
    octal(block, at + 124, 11, size > LARGEST_OCTAL_11 ? 0 : size) +
    octal(block, at + 136, 11, mtime < 0 || mtime > LARGEST_OCTAL_11 ? 0 : mtime) +
    text(block, at + 157, header.linkName) +
    octal(block, at + 329, 7, header.devMajor) +
    octal(block, at + 337, 7, header.devMinor) +
    text(block, at + 345, split.prefix, PREFIX_BYTES);
  octal(block, at + 148, 6, sum);
}

/** A block in which every number is 0. The sum of a header is that of this one and of what stands in it besides: few bytes of many. */
const EMPTY = emptyBlock();
// Its own field counts as blanks.
const EMPTY_SUM = EMPTY.reduce((sum, byte) => sum + byte, 0) - 6 * 0x30 + 7 * 0x20;

function emptyBlock(): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  for (const [at, digits] of [
    ...[[100, 7] as const, [108, 7] as const, [116, 7] as const, [124, 11] as const, [136, 11] as const],
    ...[[148, 6] as const, [329, 7] as const, [337, 7] as const],
  ]) {
    block.fill(0x30, at, at + digits);
  }
  block[155] = 0x20;
  block.write('ustar\x0000', 257, 8, 'latin1');
  return block;
}

/** Writes at most `most` bytes of a byte string; returns their sum. */
function text(block: Buffer, at: number, value: string, most = NAME_BYTES): number {
  let sum = 0;
  const length = Math.min(value.length, most);
  for (let i = 0; i < length; i++) {
    const byte = value.charCodeAt(i) & 0xff;
    block[at + i] = byte;
    sum += byte;
  }
  return sum;
}

function needsRecord(name: string, fits: boolean): boolean {
  if (!fits) return true;
  return NOT_ASCII.test(name) && isUtf8(name);
}

function isUtf8(name: string): boolean {
  const bytes = Buffer.from(name, 'latin1');
  return Buffer.from(bytes.toString('utf8')).equals(bytes);
}

/** The name as the block holds it: whole, or cut at a slash; undefined when it fits neither way. */
function splitName(name: string): { prefix: string; name: string } | undefined {
  if (name.length <= NAME_BYTES) return { prefix: '', name };
  // A folder's last slash belongs to its name.
  const slash = name.lastIndexOf('/', Math.min(PREFIX_BYTES, name.length - 2));
  if (slash <= 0 || name.length - slash - 1 > NAME_BYTES) return undefined;
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

/** Seconds and their fraction; -2 s and 0.75 s are -1.25. */
function timeText({ mtimeSeconds, mtimeNanoseconds }: TarHeader): string {
  if (mtimeNanoseconds === 0) return String(mtimeSeconds);
  const isNegative = mtimeSeconds < 0;
  const seconds = isNegative ? -mtimeSeconds - 1 : mtimeSeconds;
  const nanoseconds = isNegative ? 1e9 - mtimeNanoseconds : mtimeNanoseconds;
  return `${isNegative ? '-' : ''}${seconds}.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`;
}

/** Up to `digits` octal digits over as many zeros; returns by how much that raises the sum of the block. */
function octal(block: Buffer, at: number, digits: number, number: number): number {
  let sum = 0;
  for (let rest = number, i = at + digits - 1; rest > 0 && i >= at; i--) {
    const digit = rest % 8;
    block[i] = 0x30 + digit;
    sum += digit;
    rest = (rest - digit) / 8;
  }
  return sum;
}
