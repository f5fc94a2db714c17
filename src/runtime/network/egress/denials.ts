// What the policy has denied, as it happens. The kernel notes each destination in a set; that there is anything new is seen by one read of
// the namespace's own counters a second, so that an idle container costs next to nothing. Of one destination, and of all, only so many are told.
import { readSync } from 'node:fs';
import { type NftSite, nft } from './nft.ts';
import { TABLE } from './ruleset.ts';

export interface Denial {
  /** An address, or a name that was not to be asked for. */
  destination: string;
  protocol: string;
  port?: string;
}

export interface DenialOptions extends NftSite {
  /** Open files /proc/net/snmp and snmp6 of the namespace. */
  counters: readonly number[];
  tell: (denial: Denial) => void;
}

const LOOK_MS = 1000;
/** One destination is told of once in this time, which is how long its set remembers it. */
const AGAIN_MS = 60_000;
/** And of all together so many. */
const MOST_IN_TIME = 60;

export interface Denials {
  /** Tells of one that no rule of the kernel's knows of: a name. */
  denied(denial: Denial): void;
  /** Looks once more; resolves when all is told. */
  settled(): Promise<void>;
  stop(): void;
}

/** Begins to look. */
export function watchDenials({ counters, tell, ...site }: DenialOptions): Denials {
  const limited = limiter(tell);
  let seen = rejections(counters);
  const look = async (): Promise<void> => {
    const now = rejections(counters);
    if (now === seen) return;
    seen = now;
    try {
      for (const denial of parseDenied(await nft(`list table ${TABLE}\n`, site))) limited(denial);
    } catch {
      // The container is ending, and its namespace with it.
    }
  };
  let looking: Promise<void> = Promise.resolve();
  const lookInTurn = (): Promise<void> => {
    looking = looking.then(look);
    return looking;
  };
  const timer = setInterval(() => void lookInTurn(), LOOK_MS);
  return { denied: limited, settled: lookInTurn, stop: () => clearInterval(timer) };
}

/** A name as it may stand on a terminal: what is neither letter nor sign in three decimal digits, as in zone files (RFC 1035, 5.1). */
export function shownName(name: string): string {
  return name.replace(/[^!-~]/g, (byte) => `\\${String(byte.charCodeAt(0)).padStart(3, '0')}`);
}

/** A function that passes on what was not told of lately. */
export function limiter(tell: (denial: Denial) => void, clock: () => number = () => performance.now()): (denial: Denial) => void {
  const toldAt = new Map<string, number>();
  return (denial) => {
    const now = clock();
    for (const [key, at] of toldAt) if (now - at >= AGAIN_MS) toldAt.delete(key);
    const key = `${denial.destination} ${denial.protocol} ${denial.port}`;
    if (toldAt.has(key) || toldAt.size >= MOST_IN_TIME) return;
    toldAt.set(key, now);
    tell(denial);
  };
}

const PROTOCOLS: Readonly<Record<string, string>> = { '1': 'icmp', '6': 'tcp', '17': 'udp', '58': 'ipv6-icmp', '132': 'sctp' };

/** What nft's listing of the table says was denied; addresses of names are there too, alone. */
export function parseDenied(listing: string): Denial[] {
  const found = listing.matchAll(/([0-9a-f.:]+) \. ([\w-]+)(?: \. (\d+))? (?:timeout|expires)/g);
  return [...found].map(([, destination = '', protocol = '', port]) => ({
    destination,
    protocol: PROTOCOLS[protocol] ?? protocol,
    ...(port === undefined ? {} : { port }),
  }));
}

// How often the namespace has told somebody that a destination is unreachable: what `reject` does.
function rejections(counters: readonly number[]): string {
  const chunk = Buffer.alloc(16_384);
  return counters
    .map((fd) => {
      const text = chunk.toString('latin1', 0, readSync(fd, chunk, 0, chunk.length, 0));
      const [names, values] = text.split('\n').filter((line) => line.startsWith('Icmp:'));
      const column = names?.split(' ').indexOf('OutDestUnreachs') ?? -1;
      return values?.split(' ')[column] ?? /^Icmp6OutDestUnreachs\s+(\d+)/m.exec(text)?.[1] ?? '';
    })
    .join(' ');
}
