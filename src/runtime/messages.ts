// What front and supervisor say to each other: newline-delimited JSON over the supervisor's unix socket and, while it starts,
// over its standard output. After `attached` the same connection carries frames, both ways: one byte kind, four bytes length
// (big endian), payload. Described by types alone; each side switches exhaustively.

import type { EndpointSettings } from '../storage/network-records.ts';
import type { ExecRequest } from './exec-process.ts';
import type { OciProcess } from './spec/types.ts';

/**
 * Front → supervisor, one request on each connection. `attach` with `start` lets a created container run. `stop` is answered when
 * the container's end is on disk (with `isRemoved` it is not written, since the container is removed next; with `keep` it is not removed,
 * whatever --rm says, since it is started again next); `kill` and `signal` (passed on from a foreground
 * command: it changes nothing of what the user wants of the container) when the signal is sent;
 * `pause` when every process of the container rests, `unpause` when they run again; `hold` pauses
 * for as long as its connection lasts, or until `release` comes on it; `updated` (the record's limits are others now) when that is known;
 * `check` with the outcome of a health check that is run at once; `connect` and `disconnect` (`network`: a name) when the running container is on the
 * network, or no more: its state says so then, its record is the front's to write; `describe` with the process that `exec` is to add.
 */
export type SupervisorRequest =
  | { type: 'attach'; output: boolean; start: boolean }
  | { type: 'stop'; signal?: string; timeoutSeconds?: number; isRemoved?: boolean; keep?: boolean }
  | { type: 'kill'; signal: string }
  | { type: 'signal'; signal: string }
  | { type: 'pause' }
  | { type: 'unpause' }
  | { type: 'check' }
  | { type: 'updated' }
  | { type: 'hold' }
  | { type: 'release' }
  | { type: 'connect'; network: string; endpoint: EndpointSettings }
  | { type: 'disconnect'; network: string }
  | { type: 'describe'; exec: ExecRequest };

/** Supervisor → front: exactly one answer to a request. `attached` is followed by frames. */
export type SupervisorAnswer =
  | { type: 'attached'; tty: boolean }
  | { type: 'done' }
  | { type: 'checked'; exitCode: number }
  | { type: 'described'; process: OciProcess }
  | { type: 'failed'; code: string; message: string; hint?: string; exitCode: number; path?: string };

/** Supervisor → the front that spawned it, on standard output. `scoped` comes first where it was to get a scope of systemd's, and has. */
export type StartEvent =
  | { type: 'scoped' }
  | { type: 'ready' }
  | { type: 'started'; pid: number }
  | { type: 'warning'; message: string }
  | { type: 'failed'; code: string; message: string; hint?: string; exitCode: number; path?: string };

/** How long a program may take to end after its stop signal, where neither request nor container says it. */
export const DEFAULT_STOP_SECONDS = 10;

export const FRAME = {
  /** front → supervisor */
  stdin: 0,
  stdinEnd: 3,
  resize: 4,
  /** The client leaves by its detach keys, not by its death. */
  detach: 5,
  /** supervisor → front */
  stdout: 1,
  stderr: 2,
  exit: 6,
} as const;

export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

/** Payload of `exit`: the container ended and, unless a restart follows, the connection ends too. */
export interface ExitFrame {
  code: number;
}

/** Payload of `resize`. */
export interface ResizeFrame {
  rows: number;
  columns: number;
}

export const FRAME_HEADER_BYTES = 5;

/** The bytes of one frame. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  frame[0] = kind;
  new DataView(frame.buffer).setUint32(1, payload.length);
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/** Cuts a byte stream back into frames; keeps what is incomplete for the next call. Copies, since a socket reuses its buffer. */
export class FrameReader {
  private pending: Uint8Array = new Uint8Array(0);

  push(chunk: Uint8Array): { kind: number; payload: Uint8Array }[] {
    const bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    const frames: { kind: number; payload: Uint8Array }[] = [];
    let offset = 0;
    while (bytes.length - offset >= FRAME_HEADER_BYTES) {
      const length = new DataView(bytes.buffer, bytes.byteOffset + offset + 1, 4).getUint32(0);
      const end = offset + FRAME_HEADER_BYTES + length;
      if (end > bytes.length) break;
      frames.push({ kind: bytes[offset] ?? 0, payload: new Uint8Array(bytes.subarray(offset + FRAME_HEADER_BYTES, end)) });
      offset = end;
    }
    this.pending = new Uint8Array(bytes.subarray(offset));
    return frames;
  }
}
