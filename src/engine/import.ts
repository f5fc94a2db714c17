// `import`: a root file system as an image of one layer.
import { parsePlatform } from '../oci/platform.ts';
import { familiarReference, parseReference } from '../oci/reference.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { withArchive } from './archive-input.ts';
import { applyChanges } from './dockerfile/changes.ts';
import { recordImageEvent } from './image-events.ts';
import { withoutSecret } from './jobs/download.ts';
import { runJob } from './worker-client.ts';

export interface ImportOptions {
  /** A file, an http(s) URL, or `-` for standard input. */
  source: string;
  /** As the user gave it; left out, the image has no name. */
  reference?: string | undefined;
  /** Dockerfile instructions. */
  changes?: readonly string[];
  /** Default: where it came from, as Docker has it. */
  message?: string | undefined;
  /** As the user gave it. */
  platform?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Returns the image's id. Throws ERR_BAD_REFERENCE, ERR_CHANGE, ERR_NO_SUCH_FILE, ERR_DOWNLOAD, ERR_ARCHIVE_TRUNCATED, … */
export async function importImage(ctx: Ctx, options: ImportOptions): Promise<string> {
  const { source, changes = [], message, platform, signal } = options;
  const reference = options.reference ? targetOf(options.reference) : undefined;
  const config = applyChanges({}, changes);
  if (platform !== undefined) parsePlatform(platform);
  const url = /^https?:\/\//.test(source) ? source : undefined;
  const from = source === '-' ? '-' : url === undefined ? source : withoutSecret(url);
  const name = source === '-' ? 'standard input' : from;
  const job = { kind: 'import', name, url, config, comment: message || `Imported from ${from}`, platform, reference } as const;
  const { id } =
    url === undefined
      ? await withArchive(source === '-' ? undefined : source, (fd) => runJob(ctx, job, { descriptors: [fd], signal }), { isFile: true })
      : await runJob(ctx, job, { signal });
  recordImageEvent(ctx, { action: 'import', subject: id, name: id, imageId: id });
  if (reference) recordImageEvent(ctx, { action: 'tag', subject: id, name: familiarReference(reference), imageId: id });
  return id;
}

function targetOf(text: string): string {
  const { digest, registry, repository, tag } = parseReference(text);
  if (!digest) return `${registry}/${repository}:${tag}`;
  throw new EngineError('ERR_BAD_REFERENCE', 'cannot import digest reference', { hint: 'Leave out what follows the "@"' });
}
