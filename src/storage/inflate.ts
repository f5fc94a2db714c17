// Decompression without streams: bytes in, a callback with bytes out, all before `write` returns. node:zlib has no public call for
// that, so this drives the native handle behind its classes (`writeSync`, with its result in `_writeState`), as the package minizlib does
// by other means. The output buffer is fixed and reused, so a decompression bomb costs no memory.
// The compression is told by the first bytes: media types lie, magic numbers do not.
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { EngineError } from '../sys/errors.ts';

const OUTPUT_BYTES = 1 << 18;
const NO_INPUT = Buffer.alloc(0);

export interface Inflater {
  write(data: Uint8Array): void;
  /** Throws ERR_LAYER_TRUNCATED when a gzip stream is not complete; zstd's codec does not tell. */
  end(): void;
  close(): void;
}

interface Handle {
  writeSync(flush: number, input: Uint8Array, inAt: number, inLength: number, out: Buffer, outAt: number, outLength: number): void;
  onerror: (message: string, errno: number, code: string) => void;
  close(): void;
}

interface Codec {
  handle: Handle;
  /** [output bytes left free, input bytes left] after each call. */
  state: Uint32Array;
  /** The flush value that says "this was all". */
  finish: number;
}

const GZIP_FINISH = 4;
const ZSTD_FINISH = 2;

/** Gives the uncompressed bytes to `onData`; its buffer is reused between calls. Throws ERR_LAYER_CORRUPT, ERR_LAYER_UNSUPPORTED. */
export function createInflater(onData: (data: Buffer) => void): Inflater {
  const output = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
  let head = NO_INPUT;
  let inflate: ((data: Uint8Array) => void) | undefined;
  let codec: Codec | undefined;
  let failure: { message: string; code: string } | undefined;

  return { write, end, close };

  function write(data: Uint8Array): void {
    if (inflate) {
      inflate(data);
      return;
    }
    head = Buffer.concat([head, data]);
    if (head.length >= 6) begin();
  }

  function end(): void {
    if (!inflate) begin();
    if (codec) run(codec, codec.finish, NO_INPUT);
  }

  function close(): void {
    codec?.handle.close();
    codec = undefined;
  }

  function begin(): void {
    codec = codecFor(head);
    const chosen = codec;
    if (chosen) chosen.handle.onerror = noteFailure;
    inflate = chosen ? (data) => run(chosen, 0, data) : (data) => onData(Buffer.from(data.buffer, data.byteOffset, data.length));
    inflate(head);
    head = NO_INPUT;
  }

  function noteFailure(message: string, _errno: number, code: string): void {
    failure = { message, code };
  }

  function run({ handle, state }: Codec, flush: number, data: Uint8Array): void {
    let at = 0;
    for (;;) {
      handle.writeSync(flush, data, at, data.length - at, output, 0, OUTPUT_BYTES);
      // After a failure `state` is still that of the call before.
      if (failure) throw failed(failure, flush !== 0);
      const [free = 0, left = 0] = state;
      if (free < OUTPUT_BYTES) onData(output.subarray(0, OUTPUT_BYTES - free));
      at = data.length - left;
      // Room left in the output: the codec has nothing more to give for this input.
      if (free > 0) return;
    }
  }
}

function codecFor(head: Buffer): Codec | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return codecOf(createGunzip(), GZIP_FINISH);
  if (isZstd(head)) return codecOf(createZstdDecompress(), ZSTD_FINISH);
  const foreign = head.toString('latin1', 0, 3) === 'BZh' ? 'bzip2' : head.toString('latin1', 1, 5) === '7zXZ' ? 'xz' : undefined;
  if (foreign) throw new EngineError('ERR_LAYER_UNSUPPORTED', `Cannot unpack the layer: it is compressed with ${foreign}`);
  return undefined;
}

// A frame (RFC 8878, 3.1.1), or a skippable frame before it (3.1.2), as zstd:chunked layers have.
function isZstd(head: Buffer): boolean {
  const magic = head.length >= 4 ? head.readUInt32LE(0) : 0;
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50;
}

function codecOf(stream: object, finish: number): Codec {
  const handle: unknown = Reflect.get(stream, '_handle');
  const state: unknown = Reflect.get(stream, '_writeState');
  if (!isHandle(handle) || !isState(state)) throw new Error('This runtime has no synchronous zlib handle');
  return { handle, state, finish };
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'writeSync' in value && 'close' in value;
}

function isState(value: unknown): value is Uint32Array {
  return ArrayBuffer.isView(value) && 'length' in value && value.length === 2;
}

function failed(failure: { message: string; code: string }, atEnd: boolean): EngineError {
  if (atEnd || failure.code === 'Z_BUF_ERROR') {
    return new EngineError('ERR_LAYER_TRUNCATED', `Cannot unpack the layer: its compressed data breaks off (${failure.message})`, {
      hint: 'Pull again; if it stays, the image was pushed damaged',
    });
  }
  return new EngineError('ERR_LAYER_CORRUPT', `Cannot unpack the layer: its compressed data is damaged (${failure.message})`);
}
