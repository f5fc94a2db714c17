// Which images have lost something, and what becomes of them: a line for each part that came again, and why the others did not.
import type { CheckedLine } from '../../runtime/messages-work.ts';
import { referencesOf } from '../../storage/image.ts';
import { readImageRecords } from '../../storage/image-record.ts';
import type { ImageRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { messageOf } from '../../sys/errors.ts';
import { lacks, restoreImage } from './restore-image.ts';

export interface RestoredImages {
  lines: CheckedLine[];
  /** Digest or diff-id → why it cannot be had. */
  problems: Map<string, string>;
}

export const RESTORED = 'restored';

/**
 * Makes images whole that lack something. `lost` are blobs and layers that were found damaged and taken away: theirs is a line already, so only
 * what else was missing is told of. With `only`, images that lack one
 * of these parts are seen to, and everything is told.
 */
export async function restoreImages(
  ctx: Ctx,
  { lost, signal, only }: { lost: ReadonlySet<string>; signal: AbortSignal; only?: ReadonlySet<string> },
): Promise<RestoredImages> {
  const told = only ? new Set<string>() : lost;
  const lines: CheckedLine[] = [];
  const problems = new Map<string, string>();
  for (const image of readImageRecords(ctx)) {
    const parts = lacks(ctx, image, lost);
    if (parts.length === 0 || (only && !parts.some((part) => only.has(part)))) continue;
    try {
      await restoreImage(ctx, image, { blobs: lost, signal });
      lines.push(...parts.filter((part) => !told.has(part)).map((part) => lineOf(ctx, image, part)));
    } catch (error) {
      signal.throwIfAborted();
      for (const part of parts) problems.set(part, `cannot fetch it again: ${messageOf(error)}`);
    }
  }
  return { lines, problems };
}

function lineOf(ctx: Ctx, image: ImageRecord, part: string): CheckedLine {
  const [name] = [...referencesOf(ctx, image.id), image.id];
  return { kind: 'problem', object: `image ${name}`, what: `its ${partName(image, part)} ${part} was missing`, repaired: RESTORED };
}

function partName(record: ImageRecord, digest: string): string {
  if (digest === record.id) return 'config';
  if (digest === record.manifest.digest || digest === record.target.digest) return 'manifest';
  return record.layers.some((layer) => layer.digest === digest) ? 'compressed layer' : 'layer';
}
