// A journald that only listens: what is sent to its socket is kept, field by field.

import { dlopen, ptr } from 'bun:ffi';
import { closeSync, rmSync } from 'node:fs';

const { symbols: c } = dlopen('libc.so.6', {
  bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  recv: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64' },
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
});

const AF_UNIX = 1;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;

export type JournalEntry = Record<string, string>;

export interface FakeJournal {
  /** What has come since the last call. */
  take(): JournalEntry[];
  close(): void;
}

/** Listens at `path`. */
export function openJournal(path: string): FakeJournal {
  rmSync(path, { force: true });
  const fd = c.socket(AF_UNIX, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  if (fd < 0 || c.bind(fd, ptr(address), address.length) !== 0) throw new Error(`Cannot listen at ${path}`);
  const buffer = Buffer.alloc(1 << 18);
  return {
    take() {
      const entries: JournalEntry[] = [];
      for (let length = receive(); length >= 0; length = receive()) entries.push(parse(buffer.subarray(0, length)));
      return entries;
    },
    close: () => closeSync(fd),
  };

  function receive(): number {
    return Number(c.recv(fd, ptr(buffer), buffer.length, 0));
  }
}

/** `NAME=value\n`, or `NAME\n`, the length in eight bytes, the value, `\n`. */
function parse(datagram: Buffer): JournalEntry {
  const entry: JournalEntry = {};
  for (let at = 0; at < datagram.length; ) {
    const end = datagram.indexOf(0x0a, at);
    const line = datagram.toString('utf8', at, end);
    const equals = line.indexOf('=');
    if (equals >= 0) {
      entry[line.slice(0, equals)] = line.slice(equals + 1);
      at = end + 1;
      continue;
    }
    const length = Number(datagram.readBigUInt64LE(end + 1));
    entry[line] = datagram.toString('utf8', end + 9, end + 9 + length);
    at = end + 9 + length + 1;
  }
  return entry;
}
