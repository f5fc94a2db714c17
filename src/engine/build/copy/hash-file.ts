// The digest of what is in a file, its extended attributes counted: what the content key of a copy is made of.

import { xattrsToKeep } from '../../../storage/layer-xattr.ts';
import { closeFd } from '../../../sys/at.ts';
import { openToReadAt, readInto } from '../../../sys/read-at.ts';

const CHUNK_BYTES = 1 << 20;
const buffer = Buffer.from(new ArrayBuffer(CHUNK_BYTES));

/** Of the file `path` below the open folder; `onPause` is waited for between megabytes. A byte string of 32. */
export async function hashFile(folder: number, path: string, onPause: () => Promise<void>): Promise<string> {
  const fd = openToReadAt(folder, path);
  try {
    const hasher = new Bun.CryptoHasher('sha256');
    for (;;) {
      const count = readInto(fd, buffer, 0, CHUNK_BYTES);
      if (count > 0) hasher.update(buffer.subarray(0, count));
      if (count < CHUNK_BYTES) break;
      await onPause();
    }
    return withXattrs(hasher.digest().toString('latin1'), xattrsToKeep(fd));
  } finally {
    closeFd(fd);
  }
}

/** Of the attributes of an open folder; '' when it has none. */
export function xattrDigest(folder: number, path: string): string {
  const fd = openToReadAt(folder, path);
  try {
    return withXattrs('', xattrsToKeep(fd));
  } finally {
    closeFd(fd);
  }
}

function withXattrs(digest: string, xattrs: Map<string, Buffer> | undefined): string {
  if (!xattrs) return digest;
  const hasher = new Bun.CryptoHasher('sha256').update(`${digest}\0`);
  for (const [name, value] of [...xattrs].sort(([one], [other]) => (one < other ? -1 : 1)))
    hasher.update(`${name}=${value.toString('hex')}\0`);
  return hasher.digest().toString('latin1');
}
