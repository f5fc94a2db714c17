// Credential helpers for a worker. It is in the user's namespace, where a keyring would not know its user, so it asks its front to call them;
// a worker that started another one passes the question on. The answers hold secrets: they go through pipes alone.
import { callHelper, type HelperCall, type HelperSecret } from '../oci/credential-helper.ts';
import type { HelperReply, HelperRequest } from '../runtime/messages-work.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { errorOf, failureOf } from './work-failure.ts';

export interface HelperAsker {
  ask(call: HelperCall): Promise<HelperSecret | undefined>;
  answer(reply: HelperReply): void;
}

/** The worker's side. `send` writes an event to the front. */
export function createHelperAsker(send: (request: HelperRequest) => void): HelperAsker {
  const waiting = new Map<number, PromiseWithResolvers<HelperSecret | undefined>>();
  let last = 0;
  return {
    ask({ helper, action, server }) {
      const id = ++last;
      const asked = Promise.withResolvers<HelperSecret | undefined>();
      waiting.set(id, asked);
      send({ type: 'helper', id, call: { helper, action, server } });
      return asked.promise;
    },
    answer(reply) {
      const asked = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ('failure' in reply) asked?.reject(errorOf(reply.failure));
      else asked?.resolve(reply.found);
    },
  };
}

/** The front's side: calls the helper and writes the reply. Never throws. */
export async function answerHelper(ctx: Ctx, { id, call }: HelperRequest, reply: (reply: HelperReply) => void): Promise<void> {
  try {
    // Logins are made by `login` alone.
    if (call.action !== 'get') throw new EngineError('ERR_CREDENTIAL_HELPER', 'A worker may only ask for credentials');
    reply({ id, found: await callHelper(ctx.env, call) });
  } catch (error) {
    reply({ id, failure: failureOf(error) });
  }
}
