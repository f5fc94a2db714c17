// What a tar archive of `skiff export` holds, read by the project's own reader.
import type { TarHeader } from '../../../src/storage/tar-header.ts';
import { createTarReader } from '../../../src/storage/tar-reader.ts';
import type { Sandbox } from './sandbox.ts';

export type ArchiveEntry = TarHeader & { body: string };

/** By name. Fails unless the archive has its end. */
export function entriesOf(archive: Uint8Array): Map<string, ArchiveEntry> {
  const found = new Map<string, ArchiveEntry>();
  let last: ArchiveEntry | undefined;
  const reader = createTarReader({
    entry: (header) => {
      last = { ...header, body: '' };
      found.set(header.name, last);
    },
    content: (data, from, to) => {
      if (last) last.body += data.toString('latin1', from, to);
    },
    entryEnd: () => undefined,
  });
  reader.write(Buffer.from(archive));
  expect(reader.end()).toBe(true);
  return found;
}

/** The archive that `export` writes to standard output. */
export async function exported(box: Sandbox, name: string): Promise<Uint8Array> {
  const child = box.start(['export', name]);
  const archive = new Uint8Array(await new Response(child.stdout).arrayBuffer());
  expect(await child.exited).toBe(0);
  return archive;
}
