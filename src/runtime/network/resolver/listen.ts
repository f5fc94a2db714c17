// The resolver's own sockets, UDP and TCP on one address, in the network namespace of the calling thread. Clients are the container's
// programs: what they send is bounded, and a connection that says nothing is ended.
import { type SocketWriter, socketWriter } from '../../../sys/socket-writer.ts';
import { framed, tcpFrames } from './frames.ts';
import type { Reply } from './reply.ts';

export interface ListenOptions {
  address: string;
  /** 0: any free one, the same for both. */
  port: number;
  reply: Reply;
}

interface Connection {
  take: (chunk: Uint8Array) => void;
  writer: SocketWriter;
  underWay: number;
}

const IDLE_SECONDS = 10;
const MOST_CONNECTIONS = 150;
/** Of one connection, asked and not answered yet. */
const MOST_UNDER_WAY = 100;

/** Opens both; the port is the one that was bound. Throws the system's error (EADDRINUSE …) and leaves nothing open then. */
export async function listen({ address, port, reply }: ListenOptions): Promise<{ port: number; close: () => void }> {
  const udp = await Bun.udpSocket({
    hostname: address,
    port,
    socket: {
      data: (socket, message, clientPort, clientAddress) => {
        const send = (answer: Buffer | undefined): void => {
          if (answer && !socket.closed) sendTo(socket, { answer, clientPort, clientAddress });
        };
        const answer = reply(message, 'udp');
        if (answer instanceof Promise) void answer.then(send);
        else send(answer);
      },
      error: () => undefined,
    },
  });
  let connections = 0;
  try {
    const tcp = Bun.listen<Connection | undefined>({
      hostname: address,
      port: udp.port,
      socket: {
        open: (socket) => {
          connections++;
          if (connections > MOST_CONNECTIONS) return void socket.end();
          const connection: Connection = { writer: socketWriter(socket), underWay: 0, take: () => undefined };
          connection.take = tcpFrames((message) => {
            if (connection.underWay >= MOST_UNDER_WAY) return void socket.end();
            connection.underWay++;
            void Promise.resolve(reply(message, 'tcp')).then((answer) => {
              connection.underWay--;
              if (answer) connection.writer.write(framed(answer));
            });
          });
          socket.data = connection;
          socket.timeout(IDLE_SECONDS);
        },
        data: (socket, chunk) => {
          socket.timeout(IDLE_SECONDS);
          socket.data?.take(chunk);
        },
        drain: (socket) => socket.data?.writer.drain(),
        timeout: (socket) => void socket.end(),
        error: () => undefined,
        close: (socket) => {
          connections--;
          socket.data?.writer.closed();
        },
      },
    });
    const close = (): void => {
      udp.close();
      tcp.stop(true);
    };
    return { port: udp.port, close };
  } catch (error) {
    udp.close();
    throw error;
  }
}

interface Datagram {
  answer: Buffer;
  clientPort: number;
  clientAddress: string;
}

// A send reports what became of an earlier one to somebody else, who has gone without waiting: then it was not sent, and is sent again.
// A full buffer loses it, as datagrams may be lost: the client asks again.
function sendTo(socket: Bun.udp.Socket<'buffer'>, { answer, clientPort, clientAddress }: Datagram): void {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      socket.send(answer, clientPort, clientAddress);
      return;
    } catch {
      // The next attempt.
    }
  }
}
