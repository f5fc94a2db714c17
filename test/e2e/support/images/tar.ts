// Writes tar archives byte by byte (POSIX pax format), so that the test images do not depend on the library that unpacks them
// and can hold what no tool would write. The same entries always give the same bytes.

export interface TarEntry {
  path: string;
  type?: 'file' | 'link' | 'symlink' | 'char' | 'dir' | 'fifo';
  content?: string | Uint8Array;
  mode?: number;
  uid?: number;
  gid?: number;
  /** Seconds. */
  mtime?: number;
  /** Target of a symlink or hard link. */
  target?: string;
  /** Major and minor number of a char device. */
  device?: [number, number];
  xattrs?: Record<string, string | Uint8Array>;
}

const typeFlags = { file: '0', link: '1', symlink: '2', char: '3', dir: '5', fifo: '6' } as const;
const text = new TextEncoder();

/** The archive of `entries` in their order, with the two closing blocks. */
export function tarOf(entries: TarEntry[]): Uint8Array {
  const parts = entries.flatMap(encodeEntry);
  return Buffer.concat([...parts, new Uint8Array(1024)]);
}

function encodeEntry(entry: TarEntry): Uint8Array[] {
  const content = typeof entry.content === 'string' ? text.encode(entry.content) : (entry.content ?? new Uint8Array());
  const path = entry.type === 'dir' ? `${entry.path}/` : entry.path;
  const records: [string, string | Uint8Array][] = Object.entries(entry.xattrs ?? {}).map(([name, value]) => [
    `SCHILY.xattr.${name}`,
    value,
  ]);
  if (text.encode(path).length > 100) records.push(['path', path]);
  if (text.encode(entry.target ?? '').length > 100) records.push(['linkpath', entry.target ?? '']);
  const extended = records.length > 0 ? encodePax(records) : [];
  return [...extended, encodeHeader({ ...entry, path }, content.length, typeFlags[entry.type ?? 'file']), ...padded(content)];
}

function encodePax(records: [string, string | Uint8Array][]): Uint8Array[] {
  const body = Buffer.concat(records.map(([key, value]) => encodePaxRecord(key, value)));
  return [encodeHeader({ path: 'PaxHeader' }, body.length, 'x'), ...padded(body)];
}

// The length at the front of a record counts its own digits too.
function encodePaxRecord(key: string, value: string | Uint8Array): Uint8Array {
  const rest = Buffer.concat([text.encode(` ${key}=`), typeof value === 'string' ? text.encode(value) : value, text.encode('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([text.encode(String(length)), rest]);
}

function encodeHeader(entry: TarEntry, size: number, flag: string): Uint8Array {
  const header = new Uint8Array(512);
  const put = (offset: number, length: number, value: string) => header.set(text.encode(value).subarray(0, length), offset);
  const octal = (offset: number, length: number, value: number) => put(offset, length, `${value.toString(8).padStart(length - 1, '0')}\0`);
  put(0, 100, entry.path);
  octal(100, 8, entry.mode ?? (entry.type === 'dir' ? 0o755 : 0o644));
  octal(108, 8, entry.uid ?? 0);
  octal(116, 8, entry.gid ?? 0);
  octal(124, 12, size);
  octal(136, 12, entry.mtime ?? 1_700_000_000);
  put(148, 8, '        ');
  put(156, 1, flag);
  put(157, 100, entry.target ?? '');
  put(257, 8, 'ustar\x0000');
  octal(329, 8, entry.device?.[0] ?? 0);
  octal(337, 8, entry.device?.[1] ?? 0);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, 8, `${sum.toString(8).padStart(6, '0')}\0 `);
  return header;
}

function padded(content: Uint8Array): Uint8Array[] {
  const rest = content.length % 512;
  return rest === 0 ? [content] : [content, new Uint8Array(512 - rest)];
}
