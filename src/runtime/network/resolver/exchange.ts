// One question to one server, by UDP or TCP, from the network namespace of the calling thread. A socket for each, so that the kernel
// chooses a port that nobody can guess, and under an id of our own; what does not answer to both is not looked at.
import { framed, tcpFrames } from './frames.ts';
import { idOf, rcodeOf, withId } from './header.ts';

export type Transport = 'udp' | 'tcp';

export interface Exchange {
  server: string;
  /** Default 53. */
  port?: number;
  transport: Transport;
  message: Uint8Array;
  timeoutMs: number;
}

/** Why there is no answer. Nobody there, or silence. */
export type NoAnswer = 'unreachable' | 'timeout';

/** The server's answer under the question's own id. Never throws. */
export async function exchange(request: Exchange): Promise<Buffer | NoAnswer> {
  const { promise, resolve } = Promise.withResolvers<Buffer | NoAnswer>();
  const timer = setTimeout(() => resolve('timeout'), request.timeoutMs);
  const id = crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
  const outcome = (answer: Uint8Array | NoAnswer): void => {
    if (typeof answer === 'string') resolve(answer);
    else if (rcodeOf(answer, id) !== undefined) resolve(withId(answer, idOf(request.message)));
  };
  const asked = { ...request, message: withId(request.message, id) };
  const opening = request.transport === 'udp' ? byUdp(asked, outcome) : byTcp(asked, outcome);
  opening.catch(() => resolve('unreachable'));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    // Also one that opens only now.
    opening.then(
      (close) => close(),
      () => undefined,
    );
  }
}

type Outcome = (answer: Uint8Array | NoAnswer) => void;

async function byUdp({ server, port = 53, message }: Exchange, outcome: Outcome): Promise<() => void> {
  const socket = await Bun.udpSocket({
    hostname: server.includes(':') ? '::' : '0.0.0.0',
    connect: { hostname: server, port },
    socket: { data: (_, answer) => outcome(answer), error: () => outcome('unreachable') },
  });
  try {
    socket.send(message);
  } catch {
    outcome('unreachable');
  }
  return () => socket.close();
}

// By node:net, since it can give up a connection that nobody answers: the kernel would try on for two minutes, and each question after it.
async function byTcp({ server, port = 53, message }: Exchange, outcome: Outcome): Promise<() => void> {
  const { connect } = await import('node:net');
  const take = tcpFrames(outcome);
  const socket = connect({ host: server, port });
  socket.on('data', take);
  socket.on('error', () => outcome('unreachable'));
  socket.on('close', () => outcome('unreachable'));
  socket.write(framed(message));
  return () => socket.destroy();
}
