// The shared uplink of the default network: one pasta, attached to the shared netns, for all containers that publish nothing. What a command that
// starts a container leaves for its supervisor to read: whether there is one, and for what. A folder for each shared netns in the run folder,
// with the keeper's lock: the uplink is there if and only if that lock is held (uplink-keeper.ts).
import { mkdirSync, openSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJsonAtomic } from '../../sys/atomic.ts';
import type { Ctx } from '../../sys/context.ts';
import { errnoOf } from '../../sys/errors.ts';
import { makeFifo } from '../../sys/fd.ts';
import { isLocked } from '../../sys/lock.ts';

export interface UplinkRecord {
  version: 1;
  step: 'uplink' | 'own';
  /** Why this step: one clause for `info`. */
  reason: string;
  /** pasta is up. */
  isReady: boolean;
  /** The store whose default network it is: addresses are given out by each store for itself. */
  data: string;
  /** Of the default network. */
  subnet: string;
  /** Where pasta answers with the host's first name server; absent: nowhere. */
  forward?: string;
  /** That server, as it was when pasta started: it asks no other. */
  forwardsTo?: string;
  /** What of the programs that it needs was found: another step may be had once that changes. */
  programs: string;
  /** The start time of the holder in whose netns bridge and rules were made. */
  setUpFor?: string;
  /** pasta's command line. */
  pasta?: string[];
  /** Host pid and start time of the keeper. */
  keeper?: { pid: number; started: string };
}

export interface UplinkPlaces {
  folder: string;
  record: string;
  /** Held by the keeper, whoever started it. */
  lock: string;
  /** A FIFO that everybody who uses the uplink keeps open for writing. */
  users: string;
  /** A FIFO that the keeper keeps open for writing: its end is the keeper's. */
  alive: string;
  /** What keeper and pasta print. */
  log: string;
}

/** pasta's interface in the shared netns. */
export const UPLINK_INTERFACE = 'uplink0';

/** The bridge's index, which is the same in every shared netns: so a container's end can be plugged into it from the container's netns. */
export const BRIDGE_INDEX = 1_000_000_000;

/** That of pasta's interface: no larger packet leads out, and smaller ones would make pasta slow. */
export const MTU = 65_520;

/** `netns` is the shared one, as its link reads: `net:[4026532000]`. */
export function uplinkPlaces(ctx: Pick<Ctx, 'paths'>, netns: string): UplinkPlaces {
  const folder = join(ctx.paths.run, 'uplink', netns.replace(/\D/g, ''));
  const at = (name: string): string => join(folder, name);
  return { folder, record: at('uplink.json'), lock: at('lock'), users: at('users'), alive: at('alive'), log: at('log') };
}

/** What is known of the uplink; undefined when nothing is. */
export function readUplink({ record }: UplinkPlaces): UplinkRecord | undefined {
  const value = readJson(record) as UplinkRecord | undefined;
  return value?.version === 1 && typeof value.data === 'string' ? value : undefined;
}

export const writeUplink = ({ record }: UplinkPlaces, value: UplinkRecord): void => writeJsonAtomic(record, value, { durable: false });

export interface Uplink {
  places: UplinkPlaces;
  record: UplinkRecord;
}

/**
 * What containers of this store can use now, of the shared netns that `netns` leads to: the uplink, or with `bridgeOnly` at least the bridge
 * that it is for. Undefined: neither.
 */
export function usableUplink(ctx: Ctx, netns: string, { bridgeOnly = false } = {}): Uplink | undefined {
  if (ctx.env.SKIFF_NETWORK_STEP === 'own') return undefined;
  const link = linkAt(netns);
  if (!link.startsWith('net:')) return undefined;
  const places = uplinkPlaces(ctx, link);
  const record = readUplink(places);
  if (record?.step !== 'uplink' || record.data !== ctx.paths.data) return undefined;
  return bridgeOnly || (record.isReady && isLocked(places.lock)) ? { places, record } : undefined;
}

/** Opens the FIFO of those who use the uplink; to be kept open for as long. */
export function openUsers({ folder, users, alive }: UplinkPlaces): number {
  try {
    return openSync(users, 'r+');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const path of [alive, users]) {
    try {
      makeFifo(path);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
  return openSync(users, 'r+');
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
