// A unix socket, each connection of which is led on to another one, with nothing read that the other side does not take: both speak in short messages.
import type { Socket } from 'bun';
import { type SocketWriter, socketWriter } from '../sys/socket-writer.ts';

interface Side {
  writer?: SocketWriter;
  /** What came before the other side was there. */
  early: Uint8Array[];
  other?: SocketWriter;
}

/** Listens at `path` until `end`; whoever connects speaks with who listens at `target`. */
export function relaySocket(path: string, target: string): { end(): void } {
  const open = new Set<Socket<Side>>();
  const handlers = {
    data(socket: Socket<Side>, data: Uint8Array): void {
      // The buffer is used again.
      const own = Uint8Array.from(data);
      if (socket.data.other) socket.data.other.write(own);
      else socket.data.early.push(own);
    },
    drain(socket: Socket<Side>): void {
      socket.data.writer?.drain();
    },
    close(socket: Socket<Side>): void {
      open.delete(socket);
      socket.data.writer?.closed();
      socket.data.other?.end();
    },
    error(socket: Socket<Side>): void {
      socket.end();
    },
  };
  const lead = async (near: Socket<Side>): Promise<void> => {
    try {
      const far = await Bun.connect<Side>({ unix: target, data: { early: [] }, socket: handlers });
      open.add(far);
      far.data.writer = socketWriter(far);
      near.data.other = far.data.writer;
      if (near.data.writer) far.data.other = near.data.writer;
      for (const data of near.data.early.splice(0)) far.data.writer.write(data);
      if (!open.has(near)) far.data.writer.end();
    } catch {
      // Nobody listens there any more: the program is told by the end of its connection.
      near.end();
    }
  };
  const server = Bun.listen<Side>({
    unix: path,
    socket: {
      ...handlers,
      open(socket) {
        open.add(socket);
        socket.data = { early: [], writer: socketWriter(socket) };
        void lead(socket);
      },
    },
  });
  return {
    end: () => {
      server.stop(true);
      for (const socket of open) socket.end();
    },
  };
}
