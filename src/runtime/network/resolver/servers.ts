// The name servers of this host as they are right now. Its resolv.conf is looked at (one stat) whenever a question goes out and read
// again when it changed: a VPN, a suspend, another Wi-Fi. A line that names no address is skipped.
import { readFileSync, statSync } from 'node:fs';
import { parseIp } from '../../../sys/ip.ts';
import { PUBLIC_SERVERS } from '../resolv-conf.ts';

/** Changes are told by a clock that ticks coarsely: what was written this short before it was read may be written again unseen. */
const SETTLED_MS = 50;

/** A function that gives the servers in the file at `path`, in its order; public ones while it names none. */
export function hostServers(path: string): () => readonly string[] {
  let seen = '';
  let servers: readonly string[] = PUBLIC_SERVERS;
  return () => {
    const mark = markOf(path);
    if (mark === undefined || mark !== seen) {
      servers = readServers(path);
      seen = mark ?? '';
    }
    return servers;
  };
}

/** The servers that the text of a resolv.conf names, in order, once each. */
export function serversIn(text: string): string[] {
  const named = text.split('\n').flatMap((line) => /^\s*nameserver\s+([^\s#;]+)/.exec(line)?.[1] ?? []);
  return [...new Set(named)].filter((server) => parseIp(server.replace(/%[\w.-]+$/, '')) !== undefined);
}

function readServers(path: string): readonly string[] {
  let servers: string[] = [];
  try {
    servers = serversIn(readFileSync(path, 'utf8'));
  } catch {
    // None there: the same as an empty one.
  }
  return servers.length ? servers : PUBLIC_SERVERS;
}

function markOf(path: string): string | undefined {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return Date.now() - ctimeMs < SETTLED_MS ? undefined : `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return undefined;
  }
}
