// What the resolver's two threads tell each other: the supervisor's own, which is in the host's network namespace, and the one that has
// gone into the container's and cannot come back.
import type { Paths } from '../../../sys/context.ts';
import type { Transport } from './exchange.ts';

export interface ResolverSetup {
  type: 'setup';
  /** A file of the container's network namespace. */
  netns: string;
  address: string;
  port: number;
  paths: Paths;
  /** The container's own id: it lives as long as we do. */
  containerId: string;
  /** Joined networks, by name. */
  networks: string[];
  /** `--dns`: asked from within the container's network, where peers are. Empty: the host's are, from outside. */
  servers: string[];
  /** Addresses are told before the client knows them. */
  tellsAddresses: boolean;
}

export type ToResolver =
  | ResolverSetup
  | { type: 'networks'; networks: string[] }
  /** The answer to `outside`, without a message when there is none, `refused` when the policy forbids to ask; or to `local`. */
  | { type: 'done'; id: number; message?: Uint8Array; refused?: boolean };

export type FromResolver =
  /** `thread`: its folder below /proc, `PID/task/TID`. */
  | { type: 'listening'; thread: string; port: number }
  | { type: 'failed'; code: string; message: string }
  | { type: 'outside'; id: number; name: string; message: Uint8Array; transport: Transport }
  | { type: 'local'; id: number; name: string; addresses: string[] };
