// Descriptors in documents of others (image-spec, descriptor.md), checked field by field. By hand and not by zod: loading that takes as long as the
// rest of a push of what the registry has, and of a pull that has nothing to do. What it does not know of a descriptor stays in it.
import type { Descriptor } from '../storage/records.ts';

/** What of a document is not as it must be: `where` is a path of keys and positions, such as `layers.0.digest`. */
export class Misfit extends Error {
  constructor(
    readonly where: string,
    readonly why: string,
  ) {
    super(`${where} ${why}`);
    this.name = 'Misfit';
  }
}

/** Throws Misfit. */
export function asDescriptors(value: unknown, where: string): Descriptor[] {
  if (!Array.isArray(value)) throw new Misfit(where, 'is no list');
  return value.map((item, index) => asDescriptor(item, `${where}.${index}`));
}

/** Throws Misfit. */
export function asDescriptor(value: unknown, where: string): Descriptor {
  const fields = asObject(value, where);
  const { mediaType, digest, size, urls, annotations, platform, artifactType } = fields;
  assertString(mediaType, `${where}.mediaType`);
  if (typeof digest !== 'string' || !SHA256.test(digest)) throw new Misfit(`${where}.digest`, 'is no sha256 digest');
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw new Misfit(`${where}.size`, 'is no number of bytes');
  if (urls !== undefined) assertStrings(urls, `${where}.urls`);
  if (annotations !== undefined) assertStringValues(annotations, `${where}.annotations`);
  if (platform !== undefined) assertPlatform(platform, `${where}.platform`);
  if (artifactType !== undefined) assertString(artifactType, `${where}.artifactType`);
  return value as Descriptor;
}

const SHA256 = /^sha256:[0-9a-f]{64}$/;

function assertPlatform(value: unknown, where: string): void {
  const { os, architecture, variant, 'os.version': version, 'os.features': features } = asObject(value, where);
  assertString(os, `${where}.os`);
  assertString(architecture, `${where}.architecture`);
  if (variant !== undefined) assertString(variant, `${where}.variant`);
  if (version !== undefined) assertString(version, `${where}.os.version`);
  if (features !== undefined) assertStrings(features, `${where}.os.features`);
}

function asObject(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Misfit(where, 'is no object');
  return value as Record<string, unknown>;
}

function assertString(value: unknown, where: string): void {
  if (typeof value !== 'string') throw new Misfit(where, 'is no text');
}

function assertStrings(value: unknown, where: string): void {
  if (!Array.isArray(value)) throw new Misfit(where, 'is no list');
  for (const [index, item] of value.entries()) assertString(item, `${where}.${index}`);
}

function assertStringValues(value: unknown, where: string): void {
  for (const [key, item] of Object.entries(asObject(value, where))) assertString(item, `${where}.${key}`);
}
