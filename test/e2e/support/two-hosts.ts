// Two hosts on a wire, in network namespaces of a user namespace of ours: skiff runs on the one, clients come from the other. So a client
// has another address than the loopback's or the host's own, and whether a server sees it can be tested without root.
// The server is 192.0.2.1 and 2001:db8::1, the client 192.0.2.2 and 2001:db8::2, which is also the server's default gateway.
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.ts';

export const SERVER = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const;
export const CLIENT = { ipv4: '192.0.2.2', ipv6: '2001:db8::2' } as const;

export interface TwoHosts {
  /** For `openSandbox`: runs a command on the server. */
  within: string[];
  /** Registers the hooks; to be called after `openSandbox`, as the namespaces have to outlive what runs in them. */
  open(): void;
  /** Runs a command on the client to its end; returns standard output, or undefined when it failed. */
  onClient(argv: string[]): Promise<string | undefined>;
}

export function twoHosts(): TwoHosts {
  const folder = join('/var/tmp', `skiff-hosts-${randomUUID().slice(0, 8)}`);
  const enter = (host: 'server' | 'client'): string[] => {
    const script = `exec nsenter --target "$(cat ${join(folder, host)})" --user --net --preserve-credentials -- "$@"`;
    return ['sh', '-c', script, 'enter'];
  };
  const sleepers: Bun.Subprocess[] = [];
  const sleeper = async (host: 'server' | 'client', by: string[]): Promise<void> => {
    const child = Bun.spawn([...by, 'sleep', '2147483647'], { stdio: ['ignore', 'ignore', 'ignore'] });
    sleepers.push(child);
    await eventually(`the namespace of the ${host} is there`, () => isSleeping(child.pid));
    writeFileSync(join(folder, host), String(child.pid));
  };
  const ip = async (host: 'server' | 'client', ...args: string[]): Promise<void> => {
    const child = Bun.spawn([...enter(host), 'ip', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    if ((await child.exited) !== 0) throw new Error(`ip ${args.join(' ')} failed`);
  };
  const open = (): void => {
    beforeAll(async () => {
      mkdirSync(folder, { mode: 0o755 });
      await sleeper('server', ['unshare', '--user', '--map-auto', '--map-root-user', '--net']);
      await sleeper('client', [...enter('server'), 'unshare', '--net']);
      await ip('server', 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', String(sleepers[1]?.pid));
      for (const [host, own, other] of [
        ['server', SERVER, CLIENT],
        ['client', CLIENT, SERVER],
      ] as const) {
        await ip(host, 'link', 'set', 'lo', 'up');
        await ip(host, 'address', 'add', `${own.ipv4}/24`, 'dev', 'wire');
        await ip(host, 'address', 'add', `${own.ipv6}/64`, 'dev', 'wire', 'nodad');
        await ip(host, 'link', 'set', 'wire', 'up');
        await ip(host, 'route', 'add', 'default', 'via', other.ipv4);
        await ip(host, '-6', 'route', 'add', 'default', 'via', other.ipv6);
      }
    });
    afterAll(() => {
      for (const child of sleepers) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
  };
  const onClient = async (argv: string[]): Promise<string | undefined> => {
    const child = Bun.spawn([...enter('client'), ...argv], { stdio: ['ignore', 'pipe', 'ignore'] });
    const output = await new Response(child.stdout).text();
    return (await child.exited) === 0 ? output : undefined;
  };
  return { within: enter('server'), open, onClient };
}

// Its namespaces are made and its ids are mapped by the time unshare has become the sleeper.
function isSleeping(pid: number): boolean {
  try {
    return (
      readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n' && readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync('/proc/self/ns/net')
    );
  } catch {
    return false;
  }
}
