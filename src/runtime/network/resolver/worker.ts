// The resolver's thread: an entry of its own in the executable. It goes into the container's network namespace and opens its sockets
// there; the other threads of the supervisor stay outside. It imports little, for it stays as long as the container.
import { readlinkSync } from 'node:fs';
import { errnoOf, messageOf } from '../../../sys/errors.ts';
import { bringUpLoopback } from '../../../sys/loopback.ts';
import { CLONE, setns } from '../../../sys/mount.ts';
import { stirred } from '../../supervisor/tidy.ts';
import { forwarder } from './forward.ts';
import { listen } from './listen.ts';
import { memberKnowledge } from './members.ts';
import { answer } from './message.ts';
import type { FromResolver, ResolverSetup, ToResolver } from './messages.ts';
import { type Reply, type ReplyOptions, replier } from './reply.ts';

declare const self: { onmessage: ((event: { data: ToResolver }) => void) | null; postMessage: (message: FromResolver) => void };

type Done = Extract<ToResolver, { type: 'done' }>;

const waiting = new Map<number, (done: Done) => void>();
let lastId = 0;
let networks: readonly string[] = [];

self.onmessage = ({ data }) => {
  if (data.type === 'networks') networks = data.networks;
  else if (data.type === 'setup') void open(data);
  else {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  }
};

async function open(setup: ResolverSetup): Promise<void> {
  try {
    networks = setup.networks;
    setns(setup.netns, CLONE.NEWNET);
    bringUpLoopback();
    const { port } = await listen({ address: setup.address, port: setup.port, reply: tidily(replier(replyOptions(setup))) });
    stirred();
    self.postMessage({ type: 'listening', thread: readlinkSync('/proc/thread-self'), port });
  } catch (error) {
    self.postMessage({ type: 'failed', code: errnoOf(error) ?? '', message: messageOf(error) });
  }
}

// Each thread has a heap of its own, and nothing else collects this one.
function tidily(reply: Reply): Reply {
  return (message, transport) => {
    stirred();
    return reply(message, transport);
  };
}

function replyOptions({ paths, containerId, servers, tellsAddresses }: ResolverSetup): ReplyOptions {
  const inside = servers.length > 0 ? forwarder({ servers: () => servers }) : undefined;
  return {
    knowledge: memberKnowledge({ ctx: { paths }, containerId, networks: () => networks }),
    outside: async (query, transport) => {
      const { name, raw } = query;
      if (inside) return inside(raw, transport);
      const { message, refused } = await ask((id) => ({ type: 'outside', id, name, message: raw, transport }));
      // REFUSED would have clients try again: for them the name is none.
      if (refused) return answer(query, { rcode: 'NXDOMAIN' });
      return message && Buffer.from(message);
    },
    ...(tellsAddresses ? { onLocal: async (name, addresses) => void (await ask((id) => ({ type: 'local', id, name, addresses }))) } : {}),
  };
}

function ask(message: (id: number) => FromResolver): Promise<Done> {
  const id = ++lastId;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    self.postMessage(message(id));
  });
}
