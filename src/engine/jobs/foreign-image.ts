// An image of another engine's store, as a docker-archive on descriptor 3. A worker's work, because the layers' files belong to ids of the user's range.
import { readFileSync } from 'node:fs';
import type { ForeignImageJob } from '../../runtime/messages-archive.ts';
import { digestOf } from '../../storage/digest.ts';
import { openTarSplit, unusable } from '../../storage/tar-split.ts';
import { createTarWriter } from '../../storage/tar-writer.ts';
import { errnoOf } from '../../sys/errors.ts';
import { dieWithParent } from '../../sys/process.ts';
import { SIGKILL } from '../../sys/signals.ts';
import { writeFully } from '../../sys/write-fully.ts';
import { header, turns } from './save.ts';

const OUTPUT = 3;

/** Throws ERR_FOREIGN_STORE. A reader that has gone away is no failure of this end. */
export async function writeForeignImage({ image }: ForeignImageJob, { signal }: { signal: AbortSignal }): Promise<null> {
  // A reader that takes nothing holds us in the middle of a write, where we would not hear that the front has died.
  dieWithParent(SIGKILL);
  try {
    await writeArchive(image, turns(signal));
  } catch (error) {
    if (errnoOf(error) !== 'EPIPE') throw error;
  }
  return null;
}

async function writeArchive({ config, layers }: ForeignImageJob['image'], turn: () => Promise<void> | undefined): Promise<void> {
  const tar = createTarWriter((chunk) => writeFully(OUTPUT, chunk));
  const bytes = readConfig(config);
  const names = layers.map(({ diffId }) => `${diffId.slice('sha256:'.length)}.tar`);
  const written = new Set<string>();
  const add = (name: string, content: Buffer): void => {
    tar.entry(header(name, content.length));
    tar.content(content);
  };
  for (const [index, layer] of layers.entries()) {
    const name = names[index] ?? '';
    if (written.has(name)) continue;
    written.add(name);
    const archive = openTarSplit(layer);
    tar.entry(header(name, archive.size));
    for (const chunk of archive.chunks()) {
      tar.content(chunk);
      await turn();
    }
  }
  const configName = `${digestOf(bytes).slice('sha256:'.length)}.json`;
  add(configName, bytes);
  add('manifest.json', Buffer.from(JSON.stringify([{ Config: configName, RepoTags: null, Layers: names }])));
  tar.end();
}

function readConfig(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unusable(`its config "${path}" cannot be read (${errnoOf(error)})`, error);
  }
}
