// `buildx imagetools inspect`, as buildx writes it: a head, and of an index each of its manifests, indented.
import type { Descriptor } from '../storage/records.ts';

export interface RemoteImageInput {
  name: string;
  descriptor: Descriptor;
  manifests: readonly RemoteEntryInput[] | undefined;
}

export interface RemoteEntryInput {
  name: string;
  mediaType: string;
  platform: string | undefined;
  annotations: Readonly<Record<string, string>>;
}

export function renderRemoteImage({ name, descriptor, manifests }: RemoteImageInput): string {
  const head = aligned([
    ['Name', name],
    ['MediaType', descriptor.mediaType],
    ['Digest', descriptor.digest],
  ]);
  if (!manifests) return lines(head);
  const entries = manifests.flatMap((entry) => ['', ...entryLines(entry).map((line) => `  ${line}`)]);
  return lines([...head, '', 'Manifests:', ...entries.slice(1)]);
}

function entryLines({ name, mediaType, platform, annotations }: RemoteEntryInput): string[] {
  const told: [string, string][] = [
    ['Name', name],
    ['MediaType', mediaType],
    ...(platform ? [['Platform', platform] satisfies [string, string]] : []),
  ];
  const notes = Object.entries(annotations).sort(([one], [other]) => (one < other ? -1 : 1));
  const head = aligned(notes.length > 0 ? [...told, ['Annotations', '']] : told).map((line) => line.trimEnd());
  return [...head, ...aligned(notes).map((line) => `  ${line}`)];
}

function aligned(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...pairs.map(([name]) => name.length)) + 2;
  return pairs.map(([name, value]) => `${`${name}:`.padEnd(width)}${value}`);
}

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`;
