// The front's side of a supervisor's control socket: one request, one answer; `attach` goes on as frames.
import { containerSocketPath } from '../storage/layout.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { type SocketWriter, socketWriter } from '../sys/socket-writer.ts';
import type { ExecRequest } from './exec-process.ts';
import {
  encodeFrame,
  FRAME,
  type FrameKind,
  FrameReader,
  type ResizeFrame,
  type SupervisorAnswer,
  type SupervisorRequest,
} from './messages.ts';
import type { OciProcess } from './spec/types.ts';

/** The supervisor is not there (any more), or does not answer: what is true is to be asked of the container's lock. */
export class SupervisorGone extends Error {}

export interface AttachHandlers {
  stdout(chunk: Uint8Array): void;
  stderr(chunk: Uint8Array): void;
}

export interface Attachment {
  tty: boolean;
  input(chunk: Uint8Array): Promise<void>;
  endInput(): void;
  resize(size: ResizeFrame): void;
  signal(name: string): void;
  /** Leaves; the container goes on. `byKeys`: because the user typed the detach keys. */
  detach(byKeys: boolean): void;
  /** The container's exit code; undefined when the supervisor died without a word, or after `detach`. Rejects with what a handler threw. */
  exit: Promise<number | undefined>;
}

/** One answer, and the connection ends. */
type SingleRequest = Exclude<SupervisorRequest, { type: 'attach' | 'hold' | 'release' }>;

/** Asks the supervisor of `id`. Throws SupervisorGone, or the EngineError it answers with. */
export async function askSupervisor(ctx: Ctx, id: string, request: SingleRequest): Promise<void> {
  await ask(ctx, id, request);
}

/** The process that `exec` is to add to container `id`, as its supervisor sees it. Throws as `askSupervisor`. */
export async function askForProcess(ctx: Ctx, id: string, exec: ExecRequest): Promise<OciProcess> {
  const answer = await ask(ctx, id, { type: 'describe', exec });
  if (answer.type === 'described') return answer.process;
  throw new SupervisorGone(`The supervisor answered "${answer.type}"`);
}

/** Has container `id` checked at once; the check's exit code. Throws as `askSupervisor`. */
export async function askForCheck(ctx: Ctx, id: string): Promise<number> {
  const answer = await ask(ctx, id, { type: 'check' });
  if (answer.type === 'checked') return answer.exitCode;
  throw new SupervisorGone(`The supervisor answered "${answer.type}"`);
}

async function ask(ctx: Ctx, id: string, request: SingleRequest): Promise<SupervisorAnswer> {
  const answer = Promise.withResolvers<SupervisorAnswer>();
  let text = '';
  const socket = await connect(ctx, id, {
    data: (chunk) => {
      text += Buffer.from(chunk).toString();
      if (text.includes('\n')) answer.resolve(JSON.parse(text.slice(0, text.indexOf('\n'))) as SupervisorAnswer);
    },
    close: () => answer.reject(new SupervisorGone('The supervisor closed the connection')),
  });
  try {
    socket.write(line(request));
    const answered = await answer.promise;
    if (answered.type === 'failed') throw receivedError(answered);
    return answered;
  } finally {
    socket.end();
  }
}

/** Attaches to the container's streams. Throws SupervisorGone. */
export async function attachToSupervisor(
  ctx: Ctx,
  id: string,
  options: { output: boolean; start: boolean },
  handlers: AttachHandlers,
): Promise<Attachment> {
  const attached = Promise.withResolvers<boolean>();
  const exit = Promise.withResolvers<number | undefined>();
  const frames = new FrameReader();
  let greeting: Buffer | undefined = Buffer.alloc(0);
  // What a handler throws (nobody reads our standard output any more) ends the attachment: Bun would hand it to `error` and go on.
  const take = (chunk: Uint8Array): void => {
    try {
      takeFrames(chunk);
    } catch (error) {
      exit.reject(error);
      socket?.end();
    }
  };
  const takeFrames = (chunk: Uint8Array): void => {
    for (const { kind, payload } of frames.push(chunk)) {
      if (kind === FRAME.stdout) handlers.stdout(payload);
      else if (kind === FRAME.stderr) handlers.stderr(payload);
      else if (kind === FRAME.exit) exit.resolve((JSON.parse(Buffer.from(payload).toString()) as { code: number }).code);
    }
  };
  let socket: SocketWriter | undefined;
  const connected = await connect(ctx, id, {
    data: (chunk) => {
      if (!greeting) return take(chunk);
      greeting = Buffer.concat([greeting, chunk]);
      const end = greeting.indexOf(10);
      if (end < 0) return;
      const answer = JSON.parse(greeting.subarray(0, end).toString()) as SupervisorAnswer;
      const rest = greeting.subarray(end + 1);
      greeting = undefined;
      attached.resolve(answer.type === 'attached' && answer.tty);
      take(rest);
    },
    close: () => {
      attached.reject(new SupervisorGone('The supervisor closed the connection'));
      exit.resolve(undefined);
    },
  });
  socket = connected;
  connected.write(line({ type: 'attach', ...options }));
  const tty = await attached.promise;
  const send = (kind: FrameKind, payload: Uint8Array): void => connected.write(encodeFrame(kind, payload));
  return {
    tty,
    input: (chunk) => {
      send(FRAME.stdin, chunk);
      return connected.drained();
    },
    endInput: () => send(FRAME.stdinEnd, new Uint8Array(0)),
    resize: (size) => send(FRAME.resize, Buffer.from(JSON.stringify(size))),
    // Not among the frames, where it would wait behind input that the container does not read. One that ended meanwhile needs none.
    signal: (name) => {
      askSupervisor(ctx, id, { type: 'signal', signal: name }).catch(() => undefined);
    },
    detach: (byKeys) => {
      if (byKeys) send(FRAME.detach, new Uint8Array(0));
      connected.end();
    },
    exit: exit.promise,
  };
}

const line = (request: SupervisorRequest): Buffer => Buffer.from(`${JSON.stringify(request)}\n`);

/** The error that a supervisor told of; a system's error (ENOSPC, …) becomes one again. */
export function receivedError({ code, message, hint, exitCode, path }: Extract<SupervisorAnswer, { type: 'failed' }>): Error {
  if (code.startsWith('ERR_')) return new EngineError(code, message, { exitCode, ...(hint === undefined ? {} : { hint }) });
  return Object.assign(new Error(message), { code, path });
}

async function connect(ctx: Ctx, id: string, on: { data(chunk: Uint8Array): void; close(): void }): Promise<SocketWriter> {
  let writer: SocketWriter | undefined;
  try {
    const socket = await Bun.connect({
      unix: containerSocketPath(ctx, id),
      socket: {
        data: (_, chunk) => on.data(chunk),
        drain: () => writer?.drain(),
        close: () => {
          writer?.closed();
          on.close();
        },
        error: () => undefined,
      },
    });
    writer = socketWriter(socket);
    return writer;
  } catch (error) {
    throw new SupervisorGone(`Cannot reach the supervisor: ${errnoOf(error) ?? 'no socket'}`, { cause: error });
  }
}
