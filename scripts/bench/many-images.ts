// Five hundred images as they lie in a store, without their layers: what listing them costs does not depend on those, and pulling five
// hundred would take longer than everything else that is measured.
import { chownSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KINDS = ['records', 'refs'];

/** Writes `count` images into the store at `root`, which exists; returns what removes them again. */
export function writeManyImages(root: string, count: number): () => void {
  const { uid, gid } = statSync(root);
  const before = new Map(KINDS.map((kind) => [kind, new Set(namesIn(join(root, 'images', kind)))]));
  for (let index = 0; index < count; index++) {
    const { record, reference } = imageNumber(index);
    write('records', `${record.id.slice(7)}.json`, record);
    write('refs', `${encodeURIComponent(reference.reference)}.json`, reference);
  }
  return () => {
    for (const kind of KINDS) {
      const folder = join(root, 'images', kind);
      for (const name of namesIn(folder)) if (!before.get(kind)?.has(name)) rmSync(join(folder, name));
    }
  };

  function write(kind: string, name: string, value: object): void {
    const path = join(root, 'images', kind, name);
    mkdirSync(join(root, 'images', kind), { recursive: true });
    writeFileSync(path, JSON.stringify(value));
    chownSync(path, uid, gid);
  }
}

function imageNumber(index: number) {
  const layers = Array.from({ length: 8 }, (_, layer) => ({
    digest: digestOf(`blob ${index} ${layer}`),
    diffId: digestOf(`layer ${index} ${layer}`),
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    size: 1_000_000 + layer,
  }));
  const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digestOf(`manifest ${index}`), size: 1000 };
  const id = digestOf(`config ${index}`);
  const created = new Date(1.7e12 + index * 1e7).toISOString();
  const times = { created, storedAt: created };
  const repoDigests = [`docker.io/library/many-${index}@${manifest.digest}`];
  const parts = { manifest, target: manifest, platform: { os: 'linux', architecture: 'amd64' }, layers, sizeBytes: 1e8 + index };
  return {
    record: { version: 1, id, ...parts, repoDigests, ...times },
    reference: { version: 1, reference: `docker.io/library/many-${index}:latest`, id, taggedAt: created },
  };
}

const digestOf = (text: string): string => `sha256:${new Bun.CryptoHasher('sha256').update(text).digest('hex')}`;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
