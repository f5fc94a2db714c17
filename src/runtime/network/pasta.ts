// One pasta for one container, a child in the foreground, so that it dies with its supervisor. It writes its pid file when addresses are
// configured and ports bound; the "file" is the pipe on its standard output, which makes readiness one read, and its end a failure.
// (A pipe made by pipe2: a socketpair cannot be opened by path. Standard output: newer releases close all other descriptors.)
import { closeSync } from 'node:fs';
import { childEnv } from '../../sys/child-env.ts';
import { EngineError } from '../../sys/errors.ts';
import { makePipe } from '../../sys/fd.ts';
import { deafToTerm } from '../../sys/process.ts';
import { type HostNetwork, hostNetwork, SUBNET6 } from './host.ts';
import type { Netns } from './netns.ts';
import { macAddress, type PastaPlan, pastaPlans } from './pasta-arguments.ts';
import { pastaFailure, refusedPort } from './pasta-failure.ts';
import { chooseAgain, type PortSpec } from './ports.ts';
import { udpReturnSocket } from './udp-return.ts';

export interface PastaOptions {
  netns: Netns;
  ports: readonly PortSpec[];
  /** IPv6 is wanted; it is given where the host has it. */
  ipv6: boolean;
  /** The host's first name server answers at `subnet.forward`. */
  forwardsDns: boolean;
  /** The container's hardware address, where the user chose one. */
  mac?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** The container's name, for messages. */
  endpoint: string;
  host?: HostNetwork;
  /** In the container. */
  interfaceName: string;
  /** Called when a pasta that died was replaced. */
  onRestart?: () => void;
  /** Called with the pid of each pasta as soon as it runs. */
  onSpawn?: (pid: number) => void;
}

export interface PastaHandle {
  interfaceName: string;
  address: string;
  prefix: number;
  gateway: string;
  mac: string;
  /** Global address and gateway, where the container has IPv6. */
  ipv6: { address: string; prefix: number; gateway: string } | undefined;
  /** As bound: those chosen for the user may differ from the request. */
  ports: readonly PortSpec[];
  /** Resolves when its ports are free. */
  stop(): Promise<void>;
}

const ATTEMPTS = 4;
const REVIVE_PAUSE_MS = 500;
const REVIVE_PAUSE_MAX_MS = 30_000;
const TAIL_BYTES = 8192;

/**
 * Starts pasta and resolves once the interface is configured and the ports are bound; unbinds the namespace's file then. A pasta that
 * dies later is started again. Throws ERR_NO_PASTA, ERR_PORT_… or ERR_PASTA, each with exit code 125.
 */
export async function startPasta(options: PastaOptions): Promise<PastaHandle> {
  const program = Bun.which('pasta', { PATH: options.env.PATH ?? '' });
  if (!program) {
    throw new EngineError('ERR_NO_PASTA', 'Cannot find the program "pasta" in PATH, which connects containers to the network', {
      hint: 'Install it: sudo apt-get install passt (dnf, pacman, zypper: the same name), or use --network host or none',
      exitCode: 125,
    });
  }
  const host = options.host ?? hostNetwork();
  await options.netns.made;
  const started = await startFirst(program, options, host);
  let current = started.child;
  let isStopped = false;
  const revive = async (): Promise<void> => {
    for (;;) {
      const begunMs = performance.now();
      await current.exited;
      // At once, unless it dies of itself again and again.
      let pauseMs = performance.now() - begunMs < REVIVE_PAUSE_MS ? REVIVE_PAUSE_MS : 0;
      while (!isStopped) {
        if (pauseMs > 0) await Bun.sleep(pauseMs);
        if (isStopped) return;
        const again = await launchAt(program, started.plan, started.ports, options).catch(() => undefined);
        if (again && 'child' in again) {
          current = again.child;
          // Stopped while it came up.
          if (isStopped) current.kill('SIGKILL');
          else options.onRestart?.();
          break;
        }
        pauseMs = Math.min(Math.max(pauseMs * 2, REVIVE_PAUSE_MS), REVIVE_PAUSE_MAX_MS);
      }
      if (isStopped) return;
    }
  };
  void revive();
  const { subnet } = host;
  return {
    interfaceName: options.interfaceName,
    address: subnet.address,
    prefix: subnet.prefix,
    gateway: subnet.gateway,
    mac: options.mac ?? macAddress(subnet.address),
    ipv6: started.plan.ipv6 ? { address: SUBNET6.address, prefix: SUBNET6.prefix, gateway: SUBNET6.gateway } : undefined,
    ports: started.ports,
    stop: async () => {
      isStopped = true;
      current.kill('SIGKILL');
      await current.exited;
    },
  };
}

interface Started {
  child: Bun.Subprocess;
  plan: PastaPlan;
  ports: readonly PortSpec[];
}

// The ladder: each plan in turn; a port that was chosen for the user and got lost meanwhile is chosen again.
async function startFirst(program: string, options: PastaOptions, host: HostNetwork): Promise<Started> {
  let { ports } = options;
  let output = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    let lost: PortSpec | undefined;
    for (const plan of pastaPlans({
      host,
      ports,
      ipv6: options.ipv6,
      forwardsDns: options.forwardsDns,
      netnsPath: options.netns.path,
      mac: options.mac,
      interfaceName: options.interfaceName,
    })) {
      const result = await launchAt(program, plan, ports, options);
      if ('child' in result) return { child: result.child, plan, ports };
      output = result.output;
      lost = refusedPort(output, ports);
      if (lost) break;
    }
    if (!lost?.chosenFrom) break;
    ports = chooseAgain(ports);
  }
  options.netns.unbind();
  throw pastaFailure(output, ports, options.endpoint);
}

// With the socket that old releases answer UDP through; a release that does not share its ports goes without.
async function launchAt(program: string, plan: PastaPlan, ports: readonly PortSpec[], options: PastaOptions): Promise<Launched> {
  const socket = udpReturnSocket(ports, plan);
  if (socket === undefined) return launch(program, plan, 'ignore', options);
  const result = await launch(program, plan, socket, options);
  return 'output' in result && refusedPort(result.output, ports) ? launch(program, plan, 'ignore', options) : result;
}

type Launched = { child: Bun.Subprocess } | { output: string };

/** Starts pasta once; `stdin` is closed here. */
async function launch(program: string, plan: PastaPlan, stdin: number | 'ignore', options: PastaOptions): Promise<Launched> {
  const { netns, env, onSpawn } = options;
  netns.bind();
  const pipe = makePipe();
  let child: Bun.Subprocess<number | 'ignore', number, 'pipe'>;
  try {
    // A container that ends in order may need the network to the last.
    child = deafToTerm(() => Bun.spawn([program, ...plan.arguments], { env: childEnv(env), stdin, stdout: pipe.write, stderr: 'pipe' }));
  } catch (error) {
    closeSync(pipe.read);
    throw error;
  } finally {
    closeSync(pipe.write);
    if (stdin !== 'ignore') closeSync(stdin);
  }
  onSpawn?.(child.pid);
  const said = drain(child.stderr);
  if (await isWrittenTo(pipe.read)) {
    // Our end stays open as long as it runs: a pipe without a reader would be a trap for whatever pasta may yet print.
    void child.exited.then(() => closeSync(pipe.read));
    netns.unbind();
    return { child };
  }
  closeSync(pipe.read);
  await child.exited;
  return { output: await said };
}

/** Waits for the first byte (true) or the end (false). */
async function isWrittenTo(fd: number): Promise<boolean> {
  const reader = Bun.file(fd).stream().getReader();
  try {
    const { done, value } = await reader.read();
    return !done && value.length > 0;
  } finally {
    await reader.cancel();
  }
}

/** Reads on for ever, for a full pipe would stall pasta; resolves with the last of it. */
async function drain(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let tail = '';
  for await (const chunk of stream) tail = (tail + decoder.decode(chunk, { stream: true })).slice(-TAIL_BYTES);
  return tail;
}
