// A container on the default network follows its host: to other name servers (a VPN, another Wi-Fi, a suspend), to another address of the host.
// Its files are rewritten in place, as libraries look for changes themselves; one that was edited inside stays as it is. Looked at every
// few seconds by one stat, and less often by one question for the interfaces: inotify instances are too few to spend one on each container.
// Trap: pasta answers for the name server on the host's loopback that it found when it started, and for no other.
import { statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { containerDir } from '../../storage/layout.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { type HostNetwork, hostNetwork } from '../network/host.ts';
import { rehost } from '../network/hosts-file.ts';
import { loopbackServer, resolvConf } from '../network/resolv-conf.ts';
import type { NameService } from './name-service.ts';
import { hostFile, placeFile } from './network-files.ts';
import { stirred } from './tidy.ts';

export interface FollowOptions {
  /** As it was when the container's files were written. */
  host: HostNetwork;
  /** Pasta answers for the host's name server at `host.subnet.forward`. */
  forwardsDns: boolean;
  hasIpv6: boolean;
  /** Takes over where pasta cannot follow. */
  names: Pick<NameService, 'isOn' | 'start'>;
}

const LOOK_MS = 10_000;
/** Each look leaves a little garbage, which nobody else would collect while the container does nothing. */
const TIDY_EVERY = 60;
/** Asking for the interfaces costs more than the rest together. */
const ADDRESS_EVERY = 2;
const HOST_FILE = '/etc/resolv.conf';

/** Begins to look; the returned function ends it. */
export function followHost(ctx: Ctx, record: ContainerRecord, { host, forwardsDns, hasIpv6, names }: FollowOptions): () => void {
  const own = (name: 'hosts' | 'resolv.conf'): string => hostFile(join(containerDir(ctx, record.Id), name));
  const forwarded = forwardsDns ? loopbackServer(hostFile(HOST_FILE)) : undefined;
  let written = own('resolv.conf');
  let seen = markOf();
  let address = host.hostAddress;

  const followServers = (): void => {
    const mark = markOf();
    if (mark === seen) return;
    seen = mark;
    if (names.isOn() || own('resolv.conf') !== written) return;
    const { Dns, DnsSearch, DnsOptions } = record.HostConfig;
    const asked = { host: hostFile(HOST_FILE), dns: Dns, search: DnsSearch, options: DnsOptions, forward: host.subnet.forward, hasIpv6 };
    const { content, forwardsDns: needsPasta } = resolvConf(asked);
    // It writes the file itself.
    if (needsPasta && loopbackServer(asked.host) !== forwarded) return void names.start().catch(() => undefined);
    if (content === written) return;
    placeFile(ctx, record, ['resolv.conf', content]);
    written = content;
  };

  const followAddress = (): void => {
    if (!address || hasAddress(address)) return;
    const next = hostNetwork().hostAddress;
    if (!next) return;
    placeFile(ctx, record, ['hosts', rehost(own('hosts'), { from: address, to: next, extraHosts: record.HostConfig.ExtraHosts ?? [] })]);
    address = next;
  };

  let looks = 0;
  const timer = setInterval(() => {
    if (++looks % TIDY_EVERY === 0) stirred();
    try {
      followServers();
      if (looks % ADDRESS_EVERY === 0) followAddress();
    } catch {
      // A full disk: the container keeps what it has until the next change.
    }
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function markOf(): string {
  const stats = statSync(HOST_FILE, { throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}` : '';
}

const hasAddress = (wanted: string): boolean =>
  Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === wanted));
