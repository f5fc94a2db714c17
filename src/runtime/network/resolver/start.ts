// The resolver of one container, as its supervisor sees it: starts the thread, and asks the world for it, from the host's network
// namespace, by the servers that the host has at that moment.
import type { Ctx } from '../../../sys/context.ts';
import { EngineError } from '../../../sys/errors.ts';
import { isCompiled } from '../../../sys/self.ts';
import { RESOLVER_ADDRESS } from './conf.ts';
import { forwarder } from './forward.ts';
import type { FromResolver, ToResolver } from './messages.ts';
import { hostServers } from './servers.ts';

export interface ResolverOptions {
  ctx: Pick<Ctx, 'paths'>;
  containerId: string;
  /** A file of the container's network namespace, which is there by now. */
  netns: string;
  /** The names of the joined networks. */
  networks: readonly string[];
  /** `--dns`; empty: the host's. */
  dns: readonly string[];
  /** Whether anybody outside may be asked; not on `internal` networks alone. Asked for each question. */
  hasWayOut: () => boolean;
  /** Default 53; 0: any free one. */
  port?: number;
  policy?: NamePolicy;
  /** The thread's program; another one in tests. */
  entry?: string;
}

/** The outbound policy's say. */
export interface NamePolicy {
  /** Whether somebody outside may be asked for the name. */
  mayAsk(name: string): boolean;
  /** Addresses that the client is about to be told; `ttl` in seconds. The answer waits until it resolves. */
  found(name: string, addresses: readonly string[], ttl: number): Promise<void>;
}

export interface Resolver {
  address: string;
  /** The thread's folder below /proc, in which `net` is the container's. */
  thread: string;
  port: number;
  /** After a connect or a disconnect. */
  setNetworks(networks: readonly string[]): void;
  stop(): void;
}

export const DNS_PORT = 53;
/** What a peer's address is good for in the policy: as long as our answers say. */
const PEER_TTL_SECONDS = 600;
const HOST_FILE = '/etc/resolv.conf';

/** A thread that dies is followed by another one, after so long; twice as long after each that did not live. */
const PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
const LIVED_MS = 60_000;

/** Resolves once it listens. Throws ERR_RESOLVER (125). */
export async function startResolver(options: ResolverOptions): Promise<Resolver> {
  const { ctx, policy, dns } = options;
  // Under a policy the container's own network is no way out for us either, so its servers are asked from here.
  const servers = policy ? dns : [];
  const forward = forwarder({ servers: servers.length > 0 ? () => servers : hostServers(HOST_FILE) });
  let networks = [...options.networks];
  let isStopped = false;
  let thread = startThread(options.port ?? DNS_PORT);
  const place = await thread.listening;
  let pauseMs = PAUSE_MS;
  follow(thread);
  return {
    address: RESOLVER_ADDRESS,
    ...place,
    setNetworks: (wanted) => {
      networks = [...wanted];
      thread.tell({ type: 'networks', networks });
    },
    stop: () => {
      isStopped = true;
      thread.worker.terminate();
    },
  };

  function startThread(port: number): Thread {
    const worker = new Worker(options.entry ?? workerUrl());
    worker.unref();
    const tell = (message: ToResolver): void => worker.postMessage(message);
    const { promise: listening, resolve, reject } = Promise.withResolvers<Place>();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    worker.onmessage = ({ data }: { data: FromResolver }) => {
      if (data.type === 'listening') resolve({ thread: data.thread, port: data.port });
      else if (data.type === 'failed') reject(cannotListen(data.message));
      else void serve(data, tell);
    };
    worker.onerror = ({ message }) => {
      reject(cannotListen(message));
      worker.terminate();
    };
    worker.addEventListener('close', () => {
      reject(cannotListen('its thread has ended'));
      end();
    });
    listening.catch(() => worker.terminate());
    tell({
      type: 'setup',
      netns: options.netns,
      address: RESOLVER_ADDRESS,
      port,
      paths: { data: ctx.paths.data, run: ctx.paths.run },
      containerId: options.containerId,
      networks,
      servers: policy ? [] : [...dns],
      tellsAddresses: policy !== undefined,
    });
    return { worker, tell, listening, ended };
  }

  // Containers must not be left without names for the rest of their lives.
  function follow({ ended }: Thread): void {
    const since = performance.now();
    void ended.then(() => {
      if (isStopped) return;
      pauseMs = performance.now() - since > LIVED_MS ? PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      setTimeout(() => {
        if (isStopped) return;
        // Where the last one listened: others may have been led there.
        thread = startThread(place.port);
        thread.listening.catch(() => undefined);
        follow(thread);
      }, pauseMs).unref();
    });
  }

  async function serve(asked: Extract<FromResolver, { id: number }>, tell: Thread['tell']): Promise<void> {
    let message: Buffer | undefined;
    let refused = false;
    try {
      if (asked.type === 'local') await policy?.found(asked.name, asked.addresses, PEER_TTL_SECONDS);
      else if (policy?.mayAsk(asked.name) === false) refused = true;
      else message = await outside(asked);
    } catch {
      // The policy could not be told: then nobody is.
    }
    tell({ type: 'done', id: asked.id, refused, ...(message ? { message } : {}) });
  }

  async function outside({ name, message, transport }: Extract<FromResolver, { type: 'outside' }>): Promise<Buffer | undefined> {
    if (!options.hasWayOut()) return undefined;
    const answer = await forward(message, transport);
    if (!answer || !policy) return answer;
    const { addressesOf } = await import('./found-addresses.ts');
    const { addresses, ttl } = addressesOf(answer);
    if (addresses.length > 0) await policy.found(name, addresses, ttl);
    return answer;
  }
}

interface Place {
  thread: string;
  port: number;
}

interface Thread {
  worker: Worker;
  tell(message: ToResolver): void;
  listening: Promise<Place>;
  ended: Promise<void>;
}

// In the executable by the place that the build gives the thread's entry, absolute: a relative one could be looked up where the user stands.
function workerUrl(): string {
  return isCompiled() ? 'file:///$bunfs/root/runtime/network/resolver/worker.js' : new URL('./worker.ts', import.meta.url).href;
}

function cannotListen(reason: string): EngineError {
  return new EngineError('ERR_RESOLVER', `Cannot answer names at ${RESOLVER_ADDRESS} in the container: ${reason}`, { exitCode: 125 });
}
