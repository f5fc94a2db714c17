// Bun's sockets take what the kernel takes and leave the rest to the caller: this keeps the rest, in order, and says when the
// other side is too slow to be fed further.

/** What both Bun.listen and Bun.connect sockets offer. */
export interface RawSocket {
  write(data: Uint8Array): number;
  end(): void;
}

export interface SocketWriter {
  write(data: Uint8Array): void;
  /** To be called from the socket's `drain` handler. */
  drain(): void;
  /** Resolves when less than a megabyte waits, or the socket is gone. */
  drained(): Promise<void>;
  /** What waits to be sent. */
  pendingBytes(): number;
  /** Ends the connection once all is sent. */
  end(): void;
  /** To be called from the socket's `close` handler: nobody waits any longer. */
  closed(): void;
}

const HIGH_WATER_BYTES = 1 << 20;

export function socketWriter(socket: RawSocket): SocketWriter {
  let queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let isEnding = false;
  let isClosed = false;
  let waiters: (() => void)[] = [];

  const wake = (): void => {
    if (queuedBytes >= HIGH_WATER_BYTES && !isClosed) return;
    for (const waiter of waiters) waiter();
    waiters = [];
  };
  const flush = (): void => {
    while (queue.length > 0 && !isClosed) {
      const head = queue[0] as Uint8Array;
      const written = Math.max(0, socket.write(head));
      queuedBytes -= written;
      if (written < head.length) {
        queue[0] = head.subarray(written);
        break;
      }
      queue.shift();
    }
    if (queue.length === 0 && isEnding && !isClosed) socket.end();
    wake();
  };
  return {
    write: (data) => {
      if (isClosed || isEnding || data.length === 0) return;
      queue.push(data);
      queuedBytes += data.length;
      if (queue.length === 1) flush();
    },
    drain: flush,
    drained: () => (queuedBytes < HIGH_WATER_BYTES || isClosed ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
    pendingBytes: () => queuedBytes,
    end: () => {
      isEnding = true;
      flush();
    },
    closed: () => {
      isClosed = true;
      queue = [];
      queuedBytes = 0;
      wake();
    },
  };
}
