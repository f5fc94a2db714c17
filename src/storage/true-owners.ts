// The owners that files of a layer should have and could not be given, because the user's namespace has too few ids (layer-owner.ts): what
// is written out again must tell them, or an image would lose its owners by being committed or exported.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import type { NodeStat } from '../sys/read-at.ts';
import { layerDir } from './layout.ts';

export interface TrueOwners {
  /** Owner and mode of what lies at `path`, where they are not those on the disk. */
  of(path: string, stat: NodeStat): { uid: number; gid: number; mode: number } | undefined;
}

const SET_IDS = 0o6000;

/** For layers, topmost first; undefined when every owner is the one on the disk. */
export function readTrueOwners(ctx: Pick<Ctx, 'paths'>, diffIds: readonly string[]): TrueOwners | undefined {
  return trueOwnersOf(diffIds.map((diffId) => readText(join(layerDir(ctx, diffId), 'owners.ndjson'))));
}

/** From the contents of such files, topmost first. */
export function trueOwnersOf(texts: readonly string[]): TrueOwners | undefined {
  const known = new Map<string, { uid: number; gid: number; mode: number }>();
  for (const text of texts.toReversed()) for (const [path, owner] of linesOf(text)) known.set(path, owner);
  if (known.size === 0) return undefined;
  return {
    of(path, stat) {
      const owner = known.get(path);
      // Given to somebody, or its mode changed, since: then what is on the disk is what is meant.
      if (!owner || stat.uid !== 0 || stat.gid !== 0 || (stat.mode & ~SET_IDS & 0o7777) !== (owner.mode & ~SET_IDS)) return undefined;
      return owner;
    },
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}

function linesOf(text: string): [string, { uid: number; gid: number; mode: number }][] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [path, uid, gid, mode] = JSON.parse(line) as [string, number, number, number];
      return [Buffer.from(path, 'base64').toString('latin1'), { uid, gid, mode }];
    });
}
