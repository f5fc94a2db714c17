// The front's side of a pause that ends with whoever asked for it, however they end (supervisor/hold.ts).
import { containerSocketPath } from '../storage/layout.ts';
import type { Ctx } from '../sys/context.ts';
import { receivedError, SupervisorGone } from './control-client.ts';
import type { SupervisorAnswer, SupervisorRequest } from './messages.ts';

/** A supervisor that has said nothing for so long is stuck: freezing gives up long before. */
const ANSWER_MS = 20_000;

export interface HeldContainer {
  /** Lets the container go on, and resolves when it does; may be called again. */
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
      const parsed = answerIn(text.slice(0, end));
      if (parsed) answer.resolve(parsed);
      else answer.reject(new SupervisorGone('The supervisor does not know the request'));
      text = text.slice(end + 1);
    },
    close: () => answer.reject(new SupervisorGone('The supervisor closed the connection')),
  });
  const ask = (request: SupervisorRequest): void => void socket.write(`${JSON.stringify(request)}\n`);
  ask({ type: 'hold' });
  const late = setTimeout(() => answer.reject(new SupervisorGone('The supervisor does not answer')), ANSWER_MS);
  const answered = await answer.promise
    .finally(() => clearTimeout(late))
    .catch((error: unknown) => {
      socket.end();
      throw error;
    });
  if (answered.type === 'failed') throw receivedError(answered);
  answer = Promise.withResolvers<SupervisorAnswer>();
  // The container may end before it is released.
  answer.promise.catch(() => undefined);
  let released: Promise<void> | undefined;
  return {
    release() {
      released ??= release();
      return released;
    },
  };

  async function release(): Promise<void> {
    ask({ type: 'release' });
    // A supervisor that is gone holds nothing.
    await answer.promise.catch(() => undefined);
    socket.end();
  }
}

// One of an older build, which knows no such request, answers something else.
function answerIn(line: string): SupervisorAnswer | undefined {
  try {
    return JSON.parse(line) as SupervisorAnswer;
  } catch {
    return undefined;
  }
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
