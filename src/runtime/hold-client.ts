// The front's side of a pause that ends with whoever asked for it, however they end (supervisor/hold.ts).
import { containerSocketPath } from '../storage/layout.ts';
import type { Ctx } from '../sys/context.ts';
import { receivedError, SupervisorGone } from './control-client.ts';
import type { SupervisorAnswer, SupervisorRequest } from './messages.ts';

export interface HeldContainer {
  /** Lets the container go on, and resolves when it does. */
  release(): Promise<void>;
}

/** Pauses the container. Throws SupervisorGone, and what the supervisor answers: ERR_PAUSED, ERR_NOT_RUNNING, ERR_NO_CGROUP, ERR_CANNOT_FREEZE. */
export async function holdContainer(ctx: Ctx, id: string): Promise<HeldContainer> {
  let answer = Promise.withResolvers<SupervisorAnswer>();
  let text = '';
  const socket = await connect(ctx, id, {
    data(chunk) {
      text += Buffer.from(chunk).toString();
      const end = text.indexOf('\n');
      if (end < 0) return;
      answer.resolve(JSON.parse(text.slice(0, end)) as SupervisorAnswer);
      text = text.slice(end + 1);
    },
    close: () => answer.reject(new SupervisorGone('The supervisor closed the connection')),
  });
  const ask = (request: SupervisorRequest): void => void socket.write(`${JSON.stringify(request)}\n`);
  ask({ type: 'hold' });
  const answered = await answer.promise;
  if (answered.type === 'failed') throw receivedError(answered);
  answer = Promise.withResolvers<SupervisorAnswer>();
  return {
    async release() {
      ask({ type: 'release' });
      // A supervisor that is gone holds nothing.
      await answer.promise.catch(() => undefined);
      socket.end();
    },
  };
}

async function connect(ctx: Ctx, id: string, on: { data(chunk: Uint8Array): void; close(): void }): Promise<Bun.Socket> {
  try {
    return await Bun.connect({
      unix: containerSocketPath(ctx, id),
      socket: { data: (_, chunk) => on.data(chunk), close: on.close, error: () => undefined },
    });
  } catch (error) {
    throw new SupervisorGone('Cannot reach the supervisor', { cause: error });
  }
}
