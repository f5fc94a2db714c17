// Tar archives built byte by byte, so that tests can say what no honest tool would write, and a store in a folder of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '../../../src/storage/digest.ts';
import { createUnpacker, type UnpackerOptions } from '../../../src/storage/unpack.ts';
import type { Ctx } from '../../../src/sys/context.ts';

export interface FixtureEntry {
  /** Byte string. */
  name: string;
  type?: string;
  body?: string | Buffer;
  link?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  device?: [number, number];
  /** PAX records for this entry. */
  pax?: Record<string, string | Buffer>;
  /** Written instead of the body's length. */
  size?: number;
}

export const file = (name: string, body: string | Buffer = '', more: Partial<FixtureEntry> = {}): FixtureEntry => ({ name, body, ...more });
export const folder = (name: string, more: Partial<FixtureEntry> = {}): FixtureEntry => ({ name, type: '5', mode: 0o755, ...more });
export const symlink = (name: string, link: string, more: Partial<FixtureEntry> = {}): FixtureEntry => ({ name, type: '2', link, ...more });
export const hardLink = (name: string, link: string): FixtureEntry => ({ name, type: '1', link });

/** The archive with its two closing blocks. */
export function tar(entries: FixtureEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocks), Buffer.alloc(1024)]);
}

export function testStore(env: Record<string, string> = {}): { ctx: Ctx; warnings: string[]; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'skiff-store-'));
  const warnings: string[] = [];
  const ctx: Ctx = {
    paths: { data: join(root, 'data'), run: join(root, 'run') },
    env,
    warn: (message) => warnings.push(message),
    now: () => new Date('2025-06-01T12:00:00Z'),
  };
  const remove = (): void => {
    // A layer's folders may be closed to a plain user, their owner.
    Bun.spawnSync(['chmod', '-R', 'u+rwX', root], { stderr: 'ignore' });
    rmSync(root, { recursive: true, force: true });
  };
  return { ctx, warnings, remove };
}

/** Unpacks in chunks of `chunkBytes` and returns the layer's record. */
export function unpack(
  ctx: Ctx,
  archive: Buffer,
  options: Partial<UnpackerOptions> & { compressed?: Buffer; chunkBytes?: number } = {},
): ReturnType<ReturnType<typeof createUnpacker>['end']> {
  const { compressed = archive, chunkBytes = 65_536, ...rest } = options;
  const unpacker = createUnpacker(ctx, { mediaType: 'application/vnd.oci.image.layer.v1.tar', diffId: digestOf(archive), ...rest });
  const reused = Buffer.alloc(chunkBytes);
  for (let at = 0; at < compressed.length; at += chunkBytes) {
    const count = compressed.copy(reused, 0, at, at + chunkBytes);
    unpacker.write(reused.subarray(0, count));
  }
  return unpacker.end();
}

function blocks(entry: FixtureEntry): Buffer[] {
  const body = Buffer.from(entry.body ?? '');
  const before = entry.pax ? blocks({ name: 'pax', type: 'x', body: paxBody(entry.pax) }) : [];
  return [...before, header(entry, body.length), body, Buffer.alloc((512 - (body.length % 512)) % 512)];
}

export function header(entry: FixtureEntry, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(entry.name, 0, 100, 'latin1');
  octal(block, 100, 8, entry.mode ?? 0o644);
  octal(block, 108, 8, entry.uid ?? 0);
  octal(block, 116, 8, entry.gid ?? 0);
  octal(block, 124, 12, entry.size ?? size);
  octal(block, 136, 12, entry.mtime ?? 1_700_000_000);
  block.fill(' ', 148, 156);
  block.write(entry.type ?? '0', 156);
  block.write(entry.link ?? '', 157, 100, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(block, 329, 8, entry.device?.[0] ?? 0);
  octal(block, 337, 8, entry.device?.[1] ?? 0);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

// Negative and large numbers go in base-256, as GNU tar writes them.
function octal(block: Buffer, at: number, length: number, value: number): void {
  if (value >= 0 && value < 8 ** (length - 1)) {
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
    return;
  }
  let rest = BigInt.asUintN(length * 8, BigInt(value));
  for (let i = length - 1; i >= 0; i--) {
    block[at + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[at] = (block[at] ?? 0) | 0x80;
}

function paxBody(records: Record<string, string | Buffer>): Buffer {
  return Buffer.concat(
    Object.entries(records).map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
      let length = rest.length + 1;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
}
