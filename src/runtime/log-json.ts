// Lines as Docker's json-file entries: `{"log":"…\n","stream":"stdout","time":"…"}`. Nothing is decoded: what is valid UTF-8 stays as it
// is. Lines without anything to escape are parted by one native replacement, seen as a string of one character a byte; others go through
// one loop over bytes. A container may log hundreds of megabytes a second, and JSON.stringify alone does fewer than that.
import { isUtf8 } from 'node:buffer';
import type { LogStream } from './log-lines.ts';

const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const ZERO = 0x30;
const HEX = Buffer.from('0123456789abcdef');
const PREFIX = Buffer.from('{"log":"');

/** What JSON escapes: the letter after the backslash, `u` for those that need digits. The newline is one of them. */
const ESCAPE = new Uint8Array(256);
for (let code = 0; code < 0x20; code++) ESCAPE[code] = JSON.stringify(String.fromCharCode(code)).charCodeAt(2);
ESCAPE[0x22] = 0x22;
ESCAPE[BACKSLASH] = BACKSLASH;
const SPECIAL = [...ESCAPE.keys()].filter((code) => ESCAPE[code] !== 0 && code !== NEWLINE);

/** More than any line takes once it is escaped. */
const LINE_ROOM = 6 * 17 * 1024;
const LOOP_ROOM = 1 << 18;

/** Takes entries, whole ones; the bytes are overwritten afterwards. */
export type EntryTaker = (entries: Uint8Array) => void;

/** Makes entries of lines; `attrs` is JSON that each of them carries. */
export function jsonEncoder(take: EntryTaker, attrs?: string): (stream: LogStream, bytes: Uint8Array, now: number) => void {
  let room = Buffer.alloc(0);
  let stampedAt = Number.NaN;
  let time = '';
  const between = attrs === undefined ? '' : `,"attrs":${attrs}`;

  const reserve = (bytes: number): void => {
    if (bytes > room.length) room = Buffer.allocUnsafe(2 ** Math.ceil(Math.log2(bytes)));
  };

  /** `text` has one character for each byte and no final newline. */
  const plain = (text: string, suffix: string, end: string): void => {
    const parted = text.replaceAll('\n', `\\n${suffix}${PREFIX}`);
    const final = end + suffix;
    reserve(PREFIX.length + parted.length + final.length);
    room.set(PREFIX);
    const length = PREFIX.length + room.write(parted, PREFIX.length, 'latin1');
    take(room.subarray(0, length + room.write(final, length, 'latin1')));
  };

  const looped = (bytes: Uint8Array, suffix: Buffer): void => {
    reserve(LOOP_ROOM);
    for (let at = 0; at < bytes.length; ) {
      let length = 0;
      while (at < bytes.length && length < room.length - LINE_ROOM - suffix.length) {
        room.set(PREFIX, length);
        const next = lineEnd(bytes, at);
        length = escapeInto(room, length + PREFIX.length, bytes, at, next);
        room.set(suffix, length);
        length += suffix.length;
        at = next;
      }
      take(room.subarray(0, length));
    }
  };

  return (stream, bytes, now) => {
    if (now !== stampedAt) time = new Date(now).toISOString().replace(/\.?0*Z$/, 'Z');
    stampedAt = now;
    const suffix = `","stream":"${stream}"${between},"time":"${time}"}\n`;
    const valid = isUtf8(bytes)
      ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : Buffer.from(new TextDecoder().decode(bytes));
    if (SPECIAL.some((code) => valid.includes(code))) return looped(valid, Buffer.from(suffix));
    const isWhole = valid[valid.length - 1] === NEWLINE;
    plain(valid.toString('latin1', 0, valid.length - (isWhole ? 1 : 0)), suffix, isWhole ? '\\n' : '');
  };
}

function lineEnd(bytes: Uint8Array, from: number): number {
  const newline = bytes.indexOf(NEWLINE, from);
  return newline < 0 ? bytes.length : newline + 1;
}

/** Writes `bytes[from, to)` escaped into `out` at `at`; returns where it ended. */
function escapeInto(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
  let end = at;
  for (let index = from; index < to; index++) {
    const byte = bytes[index] as number;
    const letter = ESCAPE[byte] as number;
    if (letter === 0) {
      out[end++] = byte;
      continue;
    }
    out[end++] = BACKSLASH;
    out[end++] = letter;
    if (letter !== LETTER_U) continue;
    out[end++] = ZERO;
    out[end++] = ZERO;
    out[end++] = HEX[byte >> 4] as number;
    out[end++] = HEX[byte & 15] as number;
  }
  return end;
}
