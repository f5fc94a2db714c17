// A small world for tests of names and ways out: user, network and mount namespaces with a resolv.conf, name servers and hosts of its own, none of
// which reaches this machine's network. skiff runs inside (the sandbox's `within`), as root of a whole range of ids. It ends with the test.
// Trap: no registry is there; images come in by `load`.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSandbox, type Sandbox } from './sandbox.ts';

/** What a name server says: addresses by name and type, or the same for every question. */
export type Zone = Record<string, Partial<Record<'A' | 'AAAA' | 'CNAME' | 'PTR', string[]>>> | 'silent' | 'SERVFAIL' | 'REFUSED';

export interface WorldOptions {
  /** Addresses of name servers, port 53. */
  dns: string[];
  /** `address:port` of hosts that greet by HTTP, and echo what comes by UDP. IPv6 in brackets. */
  hosts?: string[];
}

export interface World {
  /** Command that runs another one inside. */
  within: string[];
  box: Sandbox;
  setZone: (server: string, zone: Zone) => void;
  /** Questions so far, `SERVER NAME TYPE TRANSPORT` each. */
  asked: () => string[];
  /** Overwrites /etc/resolv.conf. */
  setResolvConf: (text: string) => void;
}

const SUBNETS = ['198.51.100.1/24', '2001:db8:51::1/64'];

/** Opens a world and the sandbox in it; both end with the tests of the file. */
export function openWorld({ dns, hosts = [] }: WorldOptions): World {
  const within: string[] = [];
  const box = openSandbox({ within });
  const folder = mkdtempSync(join(tmpdir(), 'skiff-world-'));
  const files = { resolv: join(folder, 'resolv.conf'), zones: join(folder, 'zones.json'), log: join(folder, 'log') };
  const zones: Record<string, Zone> = {};
  let space: Bun.Subprocess<'pipe', 'pipe', 'inherit'> | undefined;
  let server: Bun.Subprocess<'pipe', 'pipe', 'inherit'> | undefined;

  beforeAll(async () => {
    for (const path of [files.resolv, files.log]) writeFileSync(path, '');
    writeFileSync(files.zones, '{}');
    const addresses = [...dns, ...hosts.map((host) => host.replace(/:\d+$/, '').replace(/[[\]]/g, ''))];
    const own = [...new Set(addresses)].filter((address) => !address.startsWith('127.'));
    const script = [
      'set -e',
      'ip link set lo up',
      'ip link add w0 type veth peer name w1',
      ...SUBNETS.map((subnet) => `ip address add ${subnet} dev w0 ${subnet.includes(':') ? 'nodad' : ''}`),
      'ip link set w0 up',
      'ip link set w1 up',
      ...own.map((address) => `ip address add ${address}/${address.includes(':') ? 128 : 32} dev lo`),
      'ip route add default via 198.51.100.2',
      'ip -6 route add default via 2001:db8:51::2',
      `mount --bind ${files.resolv} /etc/resolv.conf`,
      'echo ready',
      'exec cat',
    ].join('\n');
    const unshare = ['unshare', '--user', '--map-auto', '--map-root-user', '--net', '--mount', '--propagation', 'private'];
    space = Bun.spawn([...unshare, 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    await firstLine(space.stdout);
    within.push('nsenter', '--target', String(space.pid), '--user', '--preserve-credentials', '--net', '--mount', '--');
    const about = JSON.stringify({ dns, hosts, zones: files.zones, log: files.log });
    const program = join(process.cwd(), 'test/e2e/support/world-server.ts');
    server = Bun.spawn([...within, process.execPath, program, about], { stdio: ['pipe', 'pipe', 'inherit'] });
    await firstLine(server.stdout);
  });
  afterAll(async () => {
    for (const child of [server, space]) {
      child?.kill('SIGKILL');
      await child?.exited;
    }
    rmSync(folder, { recursive: true });
  });
  return {
    within,
    box,
    setZone: (address, zone) => {
      zones[address] = zone;
      writeFileSync(files.zones, JSON.stringify(zones));
    },
    asked: () => readFileSync(files.log, 'utf8').split('\n').filter(Boolean),
    setResolvConf: (text) => {
      writeFileSync(files.resolv, '');
      appendFileSync(files.resolv, text);
    },
  };
}

/** Brings images of the test registry into the world. */
export async function bring(world: World, outside: Sandbox, images: readonly string[]): Promise<void> {
  const archive = join(outside.files, 'images.tar');
  for (const image of images) await outside.ok(['pull', '--quiet', image], { timeoutMs: 120_000 });
  await outside.ok(['save', '-o', archive, ...images], { timeoutMs: 120_000 });
  await world.box.ok(['load', '--quiet', '-i', archive], { timeoutMs: 120_000 });
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  if (!value) throw new Error('The world could not be made');
}
