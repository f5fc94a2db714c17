// Sends a container's output to journald, a datagram a line in its native protocol (systemd's JOURNAL_NATIVE_PROTOCOL), with Docker's
// fields. Traps: journald may hang or be restarted: then lines wait, and the container with them, but never its supervisor; a value with
// a newline, or bytes that may have one, is sent with its length.
import type { ContainerRecord } from '../storage/records.ts';
import type { DatagramSocket } from '../sys/datagram.ts';
import { errnoOf } from '../sys/errors.ts';
import { connectJournal } from './journal-socket.ts';
import { expandTag, logAttributes } from './log-attributes.ts';
import { cutLines, type LogStream } from './log-lines.ts';

export interface JournalLog {
  write(stream: LogStream, chunk: Uint8Array): void;
  /** Resolves when journald has taken all. */
  drained(): Promise<void>;
  /** Sends what is left, and gives up what journald does not take. */
  close(): void;
}

const NEWLINE = 0x0a;
/** syslog's levels, as Docker maps them. */
const PRIORITY = { stdout: '6', stderr: '3' } as const;
const RETRY_MS = 1;
/** How long a journald that is gone, or takes nothing, is waited for before lines are dropped: the container's end must come. */
const PATIENCE_MS = 30_000;

/** Throws ERR_LOG_DRIVER where there is no journald. */
export function openJournalLog(env: Readonly<Record<string, string | undefined>>, record: ContainerRecord): JournalLog {
  let socket: DatagramSocket | undefined = connectJournal(env);
  let waiting: Buffer[] = [];
  let stuckSince: number | undefined;
  const common = Buffer.from(fieldsOf(record));

  const isTaken = (datagram: Buffer): boolean => {
    try {
      socket ??= connectJournal(env);
      return socket.send(datagram);
    } catch (error) {
      // Too large for a datagram is too large for ever.
      if (errnoOf(error) === 'EMSGSIZE') return true;
      socket?.close();
      socket = undefined;
      return false;
    }
  };
  /** Sends it, or gives it up. */
  const sendOne = (datagram: Buffer): boolean => {
    if (isTaken(datagram)) stuckSince = undefined;
    else stuckSince ??= performance.now();
    return stuckSince === undefined || performance.now() - stuckSince > PATIENCE_MS;
  };
  const flush = (): void => {
    let sent = 0;
    while (sent < waiting.length && sendOne(waiting[sent] as Buffer)) sent++;
    waiting = waiting.slice(sent);
  };
  const lines = cutLines((stream, bytes) => {
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline;
      waiting.push(datagramOf(common, { stream, message: bytes.subarray(at, end), isPartial: newline < 0 }));
      at = end + 1;
    }
    flush();
  });
  return {
    write: (stream, chunk) => lines.write(stream, chunk, 0),
    async drained() {
      while (waiting.length > 0) {
        await Bun.sleep(RETRY_MS);
        flush();
      }
    },
    close() {
      lines.end(0);
      flush();
      socket?.close();
    },
  };
}

function datagramOf(
  common: Buffer,
  { stream, message, isPartial }: { stream: LogStream; message: Uint8Array; isPartial: boolean },
): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(message.length));
  return Buffer.concat([
    common,
    Buffer.from(`PRIORITY=${PRIORITY[stream]}\n${isPartial ? 'CONTAINER_PARTIAL_MESSAGE=true\n' : ''}MESSAGE\n`),
    length,
    message,
    Buffer.of(NEWLINE),
  ]);
}

function fieldsOf(record: ContainerRecord): string {
  const tag = expandTag(record.HostConfig.LogConfig.Config.tag || '{{.ID}}', record);
  const { tag: _, ...chosen } = logAttributes(record);
  const fields = {
    ...Object.fromEntries(Object.entries(chosen).map(([name, value]) => [fieldName(name), value])),
    CONTAINER_ID: record.Id.slice(0, 12),
    CONTAINER_ID_FULL: record.Id,
    CONTAINER_NAME: record.Name,
    CONTAINER_TAG: tag,
    IMAGE_NAME: record.Config.Image,
    SYSLOG_IDENTIFIER: tag,
  };
  return Object.entries(fields)
    .filter(([name]) => name !== '')
    .map(([name, value]) => `${name}=${value.replaceAll('\n', ' ')}\n`)
    .join('');
}

/** journald takes capitals, digits and underscores, none of the latter first. */
export function fieldName(name: string): string {
  return name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_')
    .replace(/^[_0-9]+/, '')
    .slice(0, 64);
}
