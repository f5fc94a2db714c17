// A push parser for tar streams that never waits and never copies: bytes go in, the sink's functions are called before `write`
// returns. Traps: the buffer belongs to the caller and is reused, so nothing may keep a view of it (a header cut in two is carried in
// a buffer of its own); and names, long names and PAX bodies are the stream's to choose, so they are bounded.
import { EngineError } from '../sys/errors.ts';
import { BLOCK_BYTES, readTarHeader, type TarHeader } from './tar-header.ts';
import { applyPax, type PaxRecords, parsePax } from './tar-pax.ts';

/** Largest long name or PAX body that is believed, bytes. */
const LONGEST_EXTENSION = 1 << 20;

export interface TarSink {
  /** An entry begins; its `size` bytes of content follow (none for anything but a regular file). */
  entry(header: TarHeader): void;
  /** `data[from, to)` is content of the entry; valid during the call only. */
  content(data: Buffer, from: number, to: number): void;
  /** The entry's content is complete. */
  entryEnd(): void;
}

export interface TarReader {
  write(data: Buffer): void;
  /** Passes over what is left of the entry at hand; returns how many bytes of the archive that is, which are not to be written then. */
  skip(): number;
  /** The archive's end mark was read: what follows means nothing. */
  readonly isFinished: boolean;
  /** Throws ERR_LAYER_TRUNCATED unless the stream ended between entries; says whether the archive's end mark was there. */
  end(): boolean;
}

type State = 'header' | 'content' | 'extension' | 'padding' | 'finished';

export function createTarReader(sink: TarSink): TarReader {
  const carry = Buffer.alloc(BLOCK_BYTES);
  let carried = 0;
  let state: State = 'header';
  let left = 0;
  let padding = 0;
  let sawZeros = false;
  // What applies to the next entry only.
  let pax: PaxRecords | undefined;
  let longName: string | undefined;
  let longLink: string | undefined;
  // An extension's body (`x`, `L`, `K`) as it comes in.
  let extension = { type: '', body: Buffer.alloc(0), filled: 0 };

  return {
    write,
    skip,
    end,
    get isFinished() {
      return state === 'finished';
    },
  };

  function skip(): number {
    if (state !== 'content' && state !== 'padding') return 0;
    const count = left + padding;
    if (state === 'content') sink.entryEnd();
    left = padding = 0;
    state = 'header';
    return count;
  }

  function write(data: Buffer): void {
    let at = 0;
    while (at < data.length && state !== 'finished') {
      if (state === 'header') at = takeHeader(data, at);
      else if (state === 'padding') at = takePadding(data, at);
      else at = takeBody(data, at);
    }
  }

  function end(): boolean {
    const isBetween = (state === 'header' && carried === 0) || state === 'padding';
    if (state === 'finished' || (isBetween && !extensionPending())) return sawZeros;
    throw truncated('ends in the middle of an entry');
  }

  function takeHeader(data: Buffer, at: number): number {
    if (carried === 0 && data.length - at >= BLOCK_BYTES) {
      begin(readTarHeader(data, at));
      return at + BLOCK_BYTES;
    }
    const count = Math.min(BLOCK_BYTES - carried, data.length - at);
    data.copy(carry, carried, at, at + count);
    carried += count;
    if (carried === BLOCK_BYTES) {
      carried = 0;
      begin(readTarHeader(carry, 0));
    }
    return at + count;
  }

  function begin(header: TarHeader | undefined): void {
    if (header === undefined) {
      // Two blocks of zeros end the archive; what follows is not looked at, as everywhere.
      if (sawZeros) state = 'finished';
      sawZeros = true;
      return;
    }
    if (!Number.isSafeInteger(header.size) || header.size < 0) {
      throw new EngineError('ERR_LAYER_CORRUPT', `Cannot read the layer: "${header.name}" claims a size of ${header.size} bytes`);
    }
    if (sawZeros) throw new EngineError('ERR_LAYER_CORRUPT', 'Cannot read the layer: an entry follows a block of zeros');
    if (header.type === 'x' || header.type === 'g' || header.type === 'L' || header.type === 'K') beginExtension(header);
    else beginEntry(header);
  }

  function beginExtension(header: TarHeader): void {
    if (header.size > LONGEST_EXTENSION) {
      throw new EngineError('ERR_LAYER_CORRUPT', `Cannot read the layer: an extended header of ${header.size} bytes`);
    }
    extension = { type: header.type, body: Buffer.alloc(header.size), filled: 0 };
    beginBody('extension', header.size);
  }

  function beginEntry(header: TarHeader): void {
    if (longName !== undefined) header.name = longName;
    if (longLink !== undefined) header.linkName = longLink;
    if (pax) applyPax(header, pax);
    pax = longName = longLink = undefined;
    // Pre-POSIX writers had no type for folders.
    if (header.type === '0' && header.name.endsWith('/')) header.type = '5';
    if (header.type !== '0') header.size = 0;
    sink.entry(header);
    beginBody('content', header.size);
  }

  function beginBody(next: 'content' | 'extension', size: number): void {
    left = size;
    padding = (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
    state = next;
    if (left === 0) endBody();
  }

  function takeBody(data: Buffer, at: number): number {
    const count = Math.min(left, data.length - at);
    if (state === 'content') sink.content(data, at, at + count);
    else extension.filled += data.copy(extension.body, extension.filled, at, at + count);
    left -= count;
    if (left === 0) endBody();
    return at + count;
  }

  function endBody(): void {
    if (state === 'content') sink.entryEnd();
    else endExtension();
    state = padding === 0 ? 'header' : 'padding';
  }

  function endExtension(): void {
    const { type, body } = extension;
    if (type === 'x') pax = parsePax(body);
    // A name ends at its first NUL. Global headers (`g`) hold comments and defaults that no layer writer uses: read over.
    else if (type === 'L') longName = untilNul(body);
    else if (type === 'K') longLink = untilNul(body);
  }

  function extensionPending(): boolean {
    return pax !== undefined || longName !== undefined || longLink !== undefined;
  }

  function takePadding(data: Buffer, at: number): number {
    const count = Math.min(padding, data.length - at);
    padding -= count;
    if (padding === 0) state = 'header';
    return at + count;
  }
}

export function truncated(what: string): EngineError {
  return new EngineError('ERR_LAYER_TRUNCATED', `Cannot unpack the layer: its tar archive ${what}`, {
    hint: 'Pull again; if it stays, the image was pushed damaged',
  });
}

function untilNul(body: Buffer): string {
  const end = body.indexOf(0);
  return body.toString('latin1', 0, end < 0 ? body.length : end);
}
