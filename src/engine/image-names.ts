// The names of a stored image, repository digests among them, and how one is taken away. The caller holds the store lock.
import { referencesOf, removeReference } from '../storage/image.ts';
import { readImageRecord, writeImageRecord } from '../storage/image-record.ts';
import type { Ctx } from '../sys/context.ts';
import { recordImageEvent } from './image-events.ts';

/** Canonical: tags first, then digests, each sorted. */
export function namesOfImage(ctx: Pick<Ctx, 'paths'>, id: string): string[] {
  const all = [...new Set([...referencesOf(ctx, id), ...(readImageRecord(ctx, id)?.repoDigests ?? [])])].sort();
  return [...all.filter((reference) => !isDigestReference(reference)), ...all.filter(isDigestReference)];
}

/** Takes one name from an image and, when it was the last tag of its repository, that one's digests. Returns what went, canonical. */
export function dropName(ctx: Ctx, id: string, reference: string): string[] {
  dropOnly(ctx, id, reference);
  const repository = repositoryOfName(reference);
  const left = namesOfImage(ctx, id).filter((other) => repositoryOfName(other) === repository);
  const orphans = isDigestReference(reference) || left.some((other) => !isDigestReference(other)) ? [] : left;
  for (const orphan of orphans) dropOnly(ctx, id, orphan);
  return [reference, ...orphans];
}

/** Takes one name and leaves the others. */
export function dropOnly(ctx: Ctx, id: string, reference: string): void {
  removeReference(ctx, reference);
  if (!isDigestReference(reference)) recordImageEvent(ctx, { action: 'untag', subject: id, name: id, imageId: id });
  const record = readImageRecord(ctx, id);
  if (!record?.repoDigests.includes(reference)) return;
  writeImageRecord(ctx, { ...record, repoDigests: record.repoDigests.filter((digest) => digest !== reference) });
}

export const isDigestReference = (reference: string): boolean => reference.includes('@');
export const repositoryOfName = (reference: string): string => reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
