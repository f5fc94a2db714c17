// Archives of images made by hand, as older and other tools write them, and as an attacker would.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, type Image, imageOf, jsonBytes, type Layer, layerOf } from './images/layout.ts';
import { type TarEntry, tarOf } from './images/tar.ts';
import type { Sandbox } from './sandbox.ts';

/** A layer with one file, which differs from every other's. */
export const smallLayer = (name: string, compression: 'gzip' | 'zstd' | 'none' = 'gzip'): Layer =>
  layerOf(tarOf([{ path: name, content: `${name}\n` }]), compression);

export const smallImage = (...names: string[]): Image =>
  imageOf({ layers: names.map((name) => smallLayer(name)), config: { Cmd: ['sh'] } });

export const REF_NAME = 'org.opencontainers.image.ref.name';
export const FULL_NAME = 'io.containerd.image.name';

export interface LayoutOptions {
  /** Annotations of the index entry. */
  annotations?: Record<string, string>;
  /** Blobs that are left out. */
  without?: string[];
  /** In place of what an image says. */
  replace?: Map<string, Uint8Array>;
}

/** The files of an OCI layout that holds `image`. */
export function layoutEntries(image: Image, { annotations = {}, without = [], replace = new Map() }: LayoutOptions = {}): TarEntry[] {
  const { mediaType, digest, size } = image.manifest;
  const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size, annotations }] };
  return [
    ...[...image.blobs]
      .filter(([blob]) => !without.includes(blob))
      .map(([blob, bytes]): TarEntry => ({ path: `blobs/${blob.replace(':', '/')}`, content: replace.get(blob) ?? bytes })),
    { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { path: 'index.json', content: jsonBytes(index) },
  ];
}

/** The files that Docker 1.10 to 24 saved: a folder for each layer, the second a link to the first where they are equal. */
export function oldDockerEntries(layers: Layer[], repoTags: string[] | null): { entries: TarEntry[]; id: string } {
  const config = jsonBytes({
    architecture: 'amd64',
    os: 'linux',
    created: '2024-01-02T03:04:05Z',
    config: { Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const id = digestOf(config);
  const folders = layers.map((_, index) => String(index + 1).repeat(64));
  const first = new Map(layers.map(({ diffId }, index) => [diffId, index] as const).reverse());
  const layerEntries = layers.flatMap(({ diffId, blob }, index): TarEntry[] => {
    const path = `${folders[index]}/layer.tar`;
    const same = first.get(diffId) ?? index;
    return [
      { path: folders[index] ?? '', type: 'dir' },
      { path: `${folders[index]}/VERSION`, content: '1.0' },
      { path: `${folders[index]}/json`, content: '{}' },
      same < index ? { path, type: 'symlink', target: `../${folders[same]}/layer.tar` } : { path, content: blob },
    ];
  });
  const name = `${id.slice('sha256:'.length)}.json`;
  const manifest = [{ Config: name, RepoTags: repoTags, Layers: folders.map((folder) => `${folder}/layer.tar`) }];
  return {
    id,
    entries: [...layerEntries, { path: name, content: config }, { path: 'manifest.json', content: jsonBytes(manifest) }],
  };
}

/** Every blob, layer, record, reference and unfinished thing of the store, by path. */
export function storedThings(box: Sandbox): string[] {
  const folders = ['images/blobs/sha256', 'images/records', 'images/refs', 'layers', 'tmp', 'tmp/claims'];
  return folders.flatMap((folder) => {
    mkdirSync(join(box.root, folder), { recursive: true });
    return readdirSync(join(box.root, folder))
      .filter((name) => name !== 'claims')
      .map((name) => `${folder}/${name}`);
  });
}

/** Runs a program of the machine to its end and returns what it said; fails unless it ends with 0. */
export function tool(command: string[], { cwd, env }: { cwd: string; env?: Record<string, string> }): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync(command, {
    cwd,
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  if (exitCode !== 0) throw new Error(`"${command.join(' ')}" ended with ${exitCode}: ${stderr.toString()}${stdout.toString()}`);
  return stdout.toString();
}

/** A JSON document of a folder. */
export const jsonFile = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
