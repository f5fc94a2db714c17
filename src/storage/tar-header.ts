// One tar header block: v7, ustar (POSIX.1-1988) and GNU. Names stay bytes ("byte strings", one char per byte), which is why this
// is not the `tar` package: it decodes names as UTF-8, drops xattrs and cannot give back what it decoded.
import { EngineError } from '../sys/errors.ts';

export const BLOCK_BYTES = 512;

export interface TarHeader {
  /** As stored, byte string. */
  name: string;
  linkName: string;
  /** '0' file, '1' hard link, '2' symlink, '3' char device, '4' block device, '5' folder, '6' fifo, or an extension's letter. */
  type: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  devMajor: number;
  devMinor: number;
  /** From `SCHILY.xattr.…` records; values are bytes. */
  xattrs: Map<string, Buffer> | undefined;
}

/** Reads the block at `at`. Returns undefined for a block of zeros; throws ERR_LAYER_CORRUPT when the checksum is wrong. */
export function readTarHeader(block: Buffer, at: number): TarHeader | undefined {
  const sum = checksum(block, at);
  if (sum.unsigned === 256 && block[at] === 0) return undefined;
  const stored = numberAt(block, at + 148, 8);
  if (stored !== sum.unsigned && stored !== sum.signed) {
    throw new EngineError('ERR_LAYER_CORRUPT', 'Cannot read the layer: a tar header has a wrong checksum');
  }
  const typeByte = block[at + 156] ?? 0;
  return {
    name: nameAt(block, at),
    linkName: textAt(block, at + 157, 100),
    type: typeByte === 0 || typeByte === 0x37 ? '0' : String.fromCharCode(typeByte),
    mode: numberAt(block, at + 100, 8) & 0o7777,
    uid: numberAt(block, at + 108, 8),
    gid: numberAt(block, at + 116, 8),
    size: numberAt(block, at + 124, 12),
    mtimeSeconds: numberAt(block, at + 136, 12),
    mtimeNanoseconds: 0,
    devMajor: numberAt(block, at + 329, 8),
    devMinor: numberAt(block, at + 337, 8),
    xattrs: undefined,
  };
}

// GNU's magic is "ustar  \0"; only POSIX's "ustar\0" has the prefix field.
function nameAt(block: Buffer, at: number): string {
  const name = textAt(block, at, 100);
  const hasPrefix = block[at + 345] !== 0 && block[at + 257] === 0x75 && block[at + 262] === 0;
  return hasPrefix ? `${textAt(block, at + 345, 155)}/${name}` : name;
}

function textAt(block: Buffer, at: number, length: number): string {
  let end = at;
  while (end < at + length && block[end] !== 0) end++;
  return block.toString('latin1', at, end);
}

/** Octal digits among blanks and NULs, or GNU's base-256 when the first bit is set (two's complement). */
function numberAt(block: Buffer, at: number, length: number): number {
  const lead = block[at] ?? 0;
  if (lead & 0x80) return base256At(block, at, length, lead);
  let value = 0;
  for (let i = at; i < at + length; i++) {
    const digit = (block[i] ?? 0) - 0x30;
    if (digit >= 0 && digit <= 7) value = value * 8 + digit;
    else if (value !== 0) break;
  }
  return value;
}

function base256At(block: Buffer, at: number, length: number, lead: number): number {
  const isNegative = (lead & 0x40) !== 0;
  let value = isNegative ? (lead & 0x7f) - 0x80 : lead & 0x7f;
  for (let i = at + 1; i < at + length; i++) value = value * 256 + (block[i] ?? 0);
  return value;
}

// Some old writers summed signed chars.
function checksum(block: Buffer, at: number): { unsigned: number; signed: number } {
  let unsigned = 256;
  let signed = 256;
  for (let i = at; i < at + BLOCK_BYTES; i++) {
    if (i >= at + 148 && i < at + 156) continue;
    const byte = block[i] ?? 0;
    unsigned += byte;
    if (byte > 127) signed += byte - 256;
    else signed += byte;
  }
  return { unsigned, signed };
}
