// The supervisor's control socket: one JSON line asks, one answers (messages.ts); an accepted `attach` goes on as frames.
import { rmSync } from 'node:fs';
import type { EndpointSettings } from '../../storage/network-records.ts';
import { EngineError, errnoOf, messageOf } from '../../sys/errors.ts';
import { type SocketWriter, socketWriter } from '../../sys/socket-writer.ts';
import type { ExecRequest } from '../exec-process.ts';
import { encodeFrame, FRAME, FrameReader, type ResizeFrame, type SupervisorAnswer, type SupervisorRequest } from '../messages.ts';
import type { OciProcess } from '../spec/types.ts';
import { createHold, type Hold } from './hold.ts';
import type { OutputTarget } from './streams.ts';
import { stirred } from './tidy.ts';

/** What the control socket steers. */
export interface Controlled {
  tty: boolean;
  attach(client: AttachedClient, request: Extract<SupervisorRequest, { type: 'attach' }>): void;
  input(chunk: Uint8Array): Promise<void>;
  inputEnded(): void;
  resize(size: ResizeFrame): void;
  /** A client leaves by its detach keys. */
  detached(): void;
  signal(signal: string): void;
  stop(request: Extract<SupervisorRequest, { type: 'stop' }>): Promise<void>;
  kill(signal: string): Promise<void>;
  /** Resolves to the pause's mark. */
  pause(): Promise<symbol>;
  /** `mark`: only that pause. */
  unpause(mark?: symbol): void;
  /** The record's limits or its name have been changed. */
  updated(): Promise<void>;
  /** Puts the running container on a network, or takes it off one; its state says so then. */
  connect(network: string, endpoint: EndpointSettings): Promise<void>;
  disconnect(network: string): Promise<void>;
  /** Runs a health check now; its exit code, -1 when it could not be run. */
  check(): Promise<number>;
  /** The process that `exec` is to add. */
  describe(exec: ExecRequest): Promise<OciProcess>;
}

export interface AttachedClient extends OutputTarget {
  /** Says that the container ended, and ends the connection. */
  finish(code: number): void;
  /** Called when the other side is gone, or all was sent to it. */
  onGone(callback: () => void): void;
  /** What waits to be sent to it. */
  pendingBytes(): number;
  /** Gives it up: what waits is lost. */
  drop(): void;
}

interface Connection {
  writer: SocketWriter;
  line: string;
  frames: FrameReader | undefined;
  gone: (() => void)[];
  /** Frames are handled one after another, so that input stays in order. */
  work: Promise<void>;
  /** Of input that the container has not taken; above a bound nothing more is read from the client. */
  inputBytes: number;
  pause(): void;
  resume(): void;
}

const MAX_INPUT_BYTES = 1 << 20;

/** Listens at `path`. `stop()` closes the listener and the connections. */
export function serveControl(path: string, controlled: Controlled): { stop(): void } {
  rmSync(path, { force: true });
  const hold = createHold(controlled);
  return Bun.listen<Connection>({
    unix: path,
    socket: {
      open(socket) {
        stirred();
        socket.data = {
          writer: socketWriter(socket),
          line: '',
          frames: undefined,

          gone: [],
          work: Promise.resolve(),
          inputBytes: 0,
          pause: () => socket.pause(),
          resume: () => socket.resume(),
        };
      },
      data({ data: connection }, chunk) {
        if (connection.frames) takeFrames(connection, controlled, chunk);
        else takeLine(connection, { controlled, hold }, chunk);
      },
      drain: ({ data }) => data.writer.drain(),
      close({ data: connection }) {
        connection.writer.closed();
        for (const callback of connection.gone) callback();
      },
      error: () => undefined,
    },
  });
}

function takeLine(connection: Connection, { controlled, hold }: { controlled: Controlled; hold: Hold }, chunk: Uint8Array): void {
  connection.line += Buffer.from(chunk).toString('latin1');
  const end = connection.line.indexOf('\n');
  if (end < 0) return;
  const line = Buffer.from(connection.line.slice(0, end), 'latin1').toString('utf8');
  const rest = Buffer.from(connection.line.slice(end + 1), 'latin1');
  connection.line = '';
  let request: SupervisorRequest;
  try {
    request = JSON.parse(line) as SupervisorRequest;
  } catch {
    connection.writer.end();
    return;
  }
  if (request.type === 'attach') {
    connection.frames = new FrameReader();
    answer(connection, { type: 'attached', tty: controlled.tty });
    controlled.attach(attachedClient(connection), request);
    if (rest.length > 0) takeFrames(connection, controlled, rest);
    return;
  }
  if (request.type === 'hold') {
    void holdFor(connection, hold);
    return;
  }
  if (request.type === 'release') {
    for (const callback of connection.gone.splice(0)) callback();
    close(connection, { type: 'done' });
    return;
  }
  act(controlled, request).then(
    (answered) => close(connection, answered),
    (error: unknown) => close(connection, failure(error)),
  );
}

async function holdFor(connection: Connection, hold: Hold): Promise<void> {
  let letGo: (() => void) | undefined;
  let isGone = false;
  connection.gone.push(() => {
    isGone = true;
    letGo?.();
  });
  try {
    letGo = await hold();
    if (isGone) letGo();
    else answer(connection, { type: 'done' });
  } catch (error) {
    close(connection, failure(error));
  }
}

async function act(
  controlled: Controlled,
  request: Exclude<SupervisorRequest, { type: 'attach' | 'hold' | 'release' }>,
): Promise<SupervisorAnswer> {
  switch (request.type) {
    case 'stop':
      await controlled.stop(request);
      return { type: 'done' };
    case 'signal':
      controlled.signal(request.signal);
      return { type: 'done' };
    case 'kill':
      await controlled.kill(request.signal);
      return { type: 'done' };
    case 'pause':
      await controlled.pause();
      return { type: 'done' };
    case 'unpause':
      controlled.unpause();
      return { type: 'done' };
    case 'updated':
      await controlled.updated();
      return { type: 'done' };
    case 'check':
      return { type: 'checked', exitCode: await controlled.check() };
    case 'describe':
      return { type: 'described', process: await controlled.describe(request.exec) };
    case 'connect':
      await controlled.connect(request.network, request.endpoint);
      return { type: 'done' };
    case 'disconnect':
      await controlled.disconnect(request.network);
      return { type: 'done' };
    default:
      return request satisfies never;
  }
}

/** An error as a message; EngineError keeps its code, hint and exit code, a system's error its errno and path. */
export function failure(error: unknown): Extract<SupervisorAnswer, { type: 'failed' }> {
  if (!(error instanceof EngineError)) {
    const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? { path: error.path } : {};
    return { type: 'failed', code: errnoOf(error) ?? 'ERR_INTERNAL', message: messageOf(error), exitCode: 125, ...path };
  }
  const { code, message, hint, exitCode } = error;
  return { type: 'failed', code, message, ...(hint === undefined ? {} : { hint }), exitCode };
}

function answer(connection: Connection, message: SupervisorAnswer): void {
  connection.writer.write(Buffer.from(`${JSON.stringify(message)}\n`));
}

function close(connection: Connection, message: SupervisorAnswer): void {
  answer(connection, message);
  connection.writer.end();
}

function attachedClient(connection: Connection): AttachedClient {
  const { writer } = connection;
  return {
    write: (stream, chunk) => writer.write(encodeFrame(stream === 'stdout' ? FRAME.stdout : FRAME.stderr, chunk)),
    drained: () => writer.drained(),
    pendingBytes: () => writer.pendingBytes(),
    drop: () => {
      writer.closed();
      for (const callback of connection.gone.splice(0)) callback();
    },
    finish: (code) => {
      writer.write(encodeFrame(FRAME.exit, Buffer.from(JSON.stringify({ code }))));
      writer.end();
    },
    onGone: (callback) => connection.gone.push(callback),
  };
}

function takeFrames(connection: Connection, controlled: Controlled, chunk: Uint8Array): void {
  for (const { kind, payload } of connection.frames?.push(chunk) ?? []) {
    connection.inputBytes += payload.length;
    connection.work = connection.work
      .then(() => takeFrame(controlled, kind, payload))
      .catch(() => undefined)
      .then(() => settleInput(connection, payload.length));
  }
  if (connection.inputBytes > MAX_INPUT_BYTES) connection.pause();
}

function settleInput(connection: Connection, bytes: number): void {
  const wasFull = connection.inputBytes > MAX_INPUT_BYTES;
  connection.inputBytes -= bytes;
  if (wasFull && connection.inputBytes <= MAX_INPUT_BYTES) connection.resume();
}

async function takeFrame(controlled: Controlled, kind: number, payload: Uint8Array): Promise<void> {
  switch (kind) {
    case FRAME.stdin:
      return controlled.input(payload);
    case FRAME.stdinEnd:
      return controlled.inputEnded();
    case FRAME.resize:
      return controlled.resize(JSON.parse(Buffer.from(payload).toString()) as ResizeFrame);
    case FRAME.detach:
      return controlled.detached();
    default:
      return undefined;
  }
}
