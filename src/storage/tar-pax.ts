// PAX extended headers (POSIX.1-2001, pax(1)): `<length> <key>=<value>\n` records that replace fields of the next entry. Values are
// taken as bytes: an xattr's value may hold anything, newlines and NULs too, so records are cut by their length alone.
import { EngineError } from '../sys/errors.ts';
import type { TarHeader } from './tar-header.ts';

const XATTR = 'SCHILY.xattr.';

export type PaxRecords = Map<string, Buffer>;

/** Cuts the body of an `x` entry into records; the last of a key wins. Throws ERR_LAYER_CORRUPT. */
export function parsePax(body: Buffer): PaxRecords {
  const records: PaxRecords = new Map();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(body.toString('latin1', at, space));
    const end = at + length;
    const equals = body.indexOf(0x3d, space);
    if (!Number.isInteger(length) || length < 5 || end > body.length || body[end - 1] !== 0x0a || equals < 0 || equals >= end) {
      throw new EngineError('ERR_LAYER_CORRUPT', 'Cannot read the layer: a PAX record is malformed');
    }
    records.set(body.toString('latin1', space + 1, equals), body.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** Applies records to the header they precede. Throws ERR_LAYER_CORRUPT for a number that is none, ERR_LAYER_UNSUPPORTED for sparse files. */
export function applyPax(header: TarHeader, records: PaxRecords): void {
  for (const [key, value] of records) {
    if (key.startsWith(XATTR)) {
      header.xattrs ??= new Map();
      header.xattrs.set(key.slice(XATTR.length), value);
    } else if (key.startsWith('GNU.sparse.')) {
      throw new EngineError('ERR_LAYER_UNSUPPORTED', `Cannot unpack "${header.name}": the layer stores it as a sparse file`);
    } else {
      applyField(header, key, value.toString('latin1'));
    }
  }
}

function applyField(header: TarHeader, key: string, text: string): void {
  switch (key) {
    case 'path':
      header.name = text;
      break;
    case 'linkpath':
      header.linkName = text;
      break;
    case 'size':
      header.size = integer(key, text);
      break;
    case 'uid':
      header.uid = integer(key, text);
      break;
    case 'gid':
      header.gid = integer(key, text);
      break;
    case 'mtime':
      applyTime(header, text);
      break;
  }
}

function applyTime(header: TarHeader, text: string): void {
  const parts = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text);
  if (!parts) throw malformed('mtime', text);
  const seconds = Number(parts[2]);
  const nanoseconds = Number((parts[3] ?? '').slice(0, 9).padEnd(9, '0'));
  const isNegative = parts[1] === '-';
  // A timespec counts its nanoseconds forward from whole seconds, so -1.25 is -2 s and 0.75 s.
  header.mtimeSeconds = isNegative ? -seconds - (nanoseconds > 0 ? 1 : 0) : seconds;
  header.mtimeNanoseconds = isNegative && nanoseconds > 0 ? 1e9 - nanoseconds : nanoseconds;
}

function integer(key: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw malformed(key, text);
  return value;
}

function malformed(key: string, text: string): EngineError {
  return new EngineError('ERR_LAYER_CORRUPT', `Cannot read the layer: the PAX record "${key}" has the value "${text}"`);
}
