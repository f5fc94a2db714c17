// The job of a second process that unpacks layers of an archive: it has the same file open, and the claims share the layers out.
import type { LoadLayersJob } from '../../runtime/messages-archive.ts';
import type { Ctx } from '../../sys/context.ts';
import { archiveSource } from './archive-source.ts';
import { ensureLayers } from './layers.ts';
import type { JobTools } from './tools.ts';

const ARCHIVE = 3;

export async function loadLayers(ctx: Ctx, { parts, maxLayerBytes }: LoadLayersJob, { emit, signal }: JobTools): Promise<null> {
  const places = new Map(parts.map(({ digest, place }) => [digest, place]));
  const registry = archiveSource(ctx, places, { fd: ARCHIVE, signal });
  await ensureLayers(ctx, { emit, signal, registry, layers: parts, maxBytes: maxLayerBytes, waits: false });
  return null;
}
