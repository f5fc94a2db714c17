// What a build's first RUN needs that only its front can do, which is outside the namespaces: the shared uplink is found or made and held until
// the worker is one of its users, and the storage driver is probed. A build without a RUN that has to run never asks, and pays for none of it.
import type { WorkFailure } from '../runtime/messages-work.ts';
import type { UserNamespace } from '../runtime/userns.ts';
import type { Ctx } from '../sys/context.ts';
import { errorOf, failureOf } from './work-failure.ts';
import type { RunningFacts, RunningRequest, WorkerReply } from './work-messages.ts';

type RunningReply = { id: number } & ({ running: RunningFacts } | { failure: WorkFailure });

/** There is one question in a worker's life; those for credential helpers are numbered from 1 up. */
const ID = 0;

export const isRunningReply = (reply: WorkerReply): reply is RunningReply => reply.id === ID;

/** The worker's side. `send` writes an event to the front. */
export function createRunningAsker(send: (request: RunningRequest) => void): {
  ask(): Promise<RunningFacts>;
  answer(reply: RunningReply): void;
} {
  const asked = Promise.withResolvers<RunningFacts>();
  asked.promise.catch(() => undefined);
  let isAsked = false;
  return {
    ask() {
      if (!isAsked) send({ type: 'running', id: ID });
      isAsked = true;
      return asked.promise;
    },
    answer(reply) {
      if ('running' in reply) asked.resolve(reply.running);
      else asked.reject(errorOf(reply.failure));
    },
  };
}

/** The front's side. `release` is to be called when the worker has ended. */
export function createRunningHelp(ctx: Ctx, namespace: UserNamespace) {
  let letGo: () => void = () => undefined;
  let isOver = false;
  const prepare = async (): Promise<RunningFacts> => {
    // Every worker loads this file, and few builds come here.
    const [{ holdUplink }, { chooseRootfs }] = await Promise.all([
      import('../runtime/network/uplink-hold.ts'),
      import('../runtime/rootfs.ts'),
    ]);
    const onDefault = { HostConfig: { NetworkMode: 'bridge', PublishAllPorts: false, PortBindings: {} } };
    const [{ driver }, held] = await Promise.all([chooseRootfs(ctx), holdUplink(ctx, onDefault, namespace)]);
    letGo = held;
    if (isOver) held();
    return { driver };
  };
  return {
    answer: (request: RunningRequest, reply: (line: WorkerReply) => void): void =>
      void prepare().then(
        (running) => reply({ id: request.id, running }),
        (error: unknown) => reply({ id: request.id, failure: failureOf(error) }),
      ),
    release: (): void => {
      isOver = true;
      letGo();
    },
  };
}
