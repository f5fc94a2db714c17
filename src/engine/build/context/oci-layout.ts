// `oci-layout://FOLDER[:TAG][@DIGEST]`: the image is loaded into the store, without a name, and used by its id.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readImageRecord } from '../../../storage/image-record.ts';
import type { Ctx } from '../../../sys/context.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { BuildCalls } from '../model.ts';

/** The image's id. Throws ERR_BUILD_CONTEXT, and what loading throws. */
export async function imageOfLayout(ctx: Ctx, text: string, { signal }: BuildCalls): Promise<string> {
  const [, path = '', tag, digest] = /^(.*?)(?::([\w][\w.-]*))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? [];
  if (!statSync(resolve(path, 'index.json'), { throwIfNoEntry: false })?.isFile()) {
    throw new EngineError('ERR_BUILD_CONTEXT', `unable to prepare context: "${path}" is no OCI layout: it has no index.json`);
  }
  const { loadImages } = await import('../../load.ts');
  const images = await loadImages(ctx, { input: resolve(path), wanted: tag, reference: '', signal });
  const ids = [...new Set(images.map(({ id }) => id))];
  const found = digest === undefined ? ids : ids.filter((id) => hasDigest(ctx, id, digest));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const why = only === undefined ? `it has no image ${digest ?? ''}`.trim() : 'it has several images';
  throw new EngineError('ERR_BUILD_CONTEXT', `unable to prepare context: cannot take an image from "${path}": ${why}`, {
    hint: 'Say which: oci-layout://FOLDER:TAG or oci-layout://FOLDER@sha256:…',
  });
}

function hasDigest(ctx: Ctx, id: string, digest: string): boolean {
  const record = readImageRecord(ctx, id);
  return record?.manifest.digest === digest || record?.target.digest === digest;
}
