// `rmi`, with Docker's rules on what may go. First the references, then the record, both the user's own files; then what only they
// reached is swept in the user namespace, where files of sub-ids can be deleted. An image's repository digests count as references.
import { familiarReference } from '../oci/reference.ts';
import { withStoreLock } from '../storage/claim.ts';
import { type ContainerView, listContainers, usesImage } from '../storage/container.ts';
import { deleteImageRecord } from '../storage/image-record.ts';
import type { ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { recordImageEvent } from './image-events.ts';
import { dropName, dropOnly, isDigestReference, namesOfImage, repositoryOfName } from './image-names.ts';
import { chainIds, partsOfImage } from './image-parts.ts';
import { requireImage } from './local-image.ts';
import { runJob } from './worker-client.ts';

export interface RemovedImage {
  /** Familiar references, in the order they went. */
  untagged: string[];
  /** The image's id, then the chain ids of its layers that nothing reaches any more, the top one first. */
  deleted: string[];
}

export interface RemoveImageOptions {
  force?: boolean;
  /** Refuses an image that is another platform's. */
  platform?: string | undefined;
}

/**
 * Removes a reference, and with the last one the image. Throws ERR_NO_SUCH_IMAGE,
 * ERR_NO_PLATFORM or ERR_IMAGE_IN_USE, in Docker's words.
 */
export async function removeImage(ctx: Ctx, name: string, options: RemoveImageOptions = {}): Promise<RemovedImage> {
  const { removed, image } = withStoreLock(ctx, () => dropImage(ctx, name, options));
  if (!image) return removed;
  const released = partsOfImage(image);
  const swept = new Set((await runJob(ctx, { kind: 'sweep', released })).layers);
  const layers = chainIds(image).filter((_, index) => swept.has(image.layers[index]?.diffId ?? ''));
  return { ...removed, deleted: [...removed.deleted, ...layers.reverse()] };
}

/** `image` is set when its record went, too. */
function dropImage(
  ctx: Ctx,
  name: string,
  { force = false, platform }: RemoveImageOptions,
): { removed: RemovedImage; image?: ImageRecord } {
  const found = requireImage(ctx, name, { platform });
  const { image } = found;
  const users = listContainers(ctx).filter(({ record }) => usesImage(record, image.id));
  const untagged =
    found.reference === undefined
      ? dropAll(ctx, image, users, { name, force })
      : dropOne(ctx, image, users, { name, force, reference: found.reference });
  const left = namesOfImage(ctx, image.id);
  // Docker: an image that a running container uses stays, without a name, when its last reference was removed by force.
  if (left.length > 0 || runningUser(users)) return { removed: { untagged, deleted: [] } };
  deleteImageRecord(ctx, image.id);
  recordImageEvent(ctx, { action: 'delete', subject: image.id, name: image.id, imageId: image.id });
  return { removed: { untagged, deleted: [image.id] }, image };
}

/** By id: all references must lie in one repository, or `force`. */
function dropAll(ctx: Ctx, image: ImageRecord, users: ContainerView[], { force }: { name: string; force: boolean }): string[] {
  const references = namesOfImage(ctx, image.id);
  const running = runningUser(users);
  if (running) throw conflict(image, 'cannot be forced', `image is being used by running container ${short(running.record.Id)}`);
  const stopped = users[0];
  if (!force) {
    if (!isSingleReference(references)) throw conflict(image, 'must be forced', 'image is referenced in multiple repositories');
    if (stopped) throw conflict(image, 'must be forced', `image is being used by stopped container ${short(stopped.record.Id)}`);
  }
  for (const reference of references) dropOnly(ctx, image.id, reference);
  return references.map(familiarReference);
}

function dropOne(
  ctx: Ctx,
  image: ImageRecord,
  users: ContainerView[],
  { name, force, reference }: { name: string; force: boolean; reference: string },
): string[] {
  const user = users[0];
  if (!force && user && isSingleReference(namesOfImage(ctx, image.id))) {
    throw new EngineError(
      'ERR_IMAGE_IN_USE',
      `conflict: unable to remove repository reference "${name}" (must force) - container ${short(user.record.Id)} is using its referenced image ${short(image.id)}`,
      { hint: `Remove the container first: skiff rm ${user.record.Name}` },
    );
  }
  return dropName(ctx, image.id, reference).map(familiarReference);
}

/** At most one tag, and no digest of another repository. */
function isSingleReference(references: string[]): boolean {
  const tags = references.filter((reference) => !isDigestReference(reference));
  return tags.length <= 1 && new Set(references.map(repositoryOfName)).size <= 1;
}

const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);

const runningUser = (users: ContainerView[]): ContainerView | undefined =>
  users.find(({ state }) => state.Status === 'running' || state.Status === 'paused' || state.Status === 'restarting');

function conflict(image: ImageRecord, how: string, why: string): EngineError {
  return new EngineError('ERR_IMAGE_IN_USE', `conflict: unable to delete ${short(image.id)} (${how}) - ${why}`, {
    hint: how === 'must be forced' ? `skiff rmi -f ${short(image.id)}` : 'Stop and remove the container first',
  });
}
