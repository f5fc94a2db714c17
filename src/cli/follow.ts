// Attach, follow to the end, and turn the end into an exit code: what `run`, `start -a` and `attach` share.
import { attachContainer, attachTarget } from '../engine/attach.ts';
import { settleLost, startAttached } from '../engine/run.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import type { Io } from './command.ts';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from './detach-keys.ts';
import { isTerminal } from './io.ts';
import { runSession } from './session.ts';

export interface FollowOptions {
  /** Start it first. */
  start: boolean;
  stdin: boolean;
  detachKeys: string | undefined;
  signals: boolean;
  /** Streams to show; default both. */
  stdout?: boolean;
  stderr?: boolean;
}

/** Returns the exit code for the command: the container's, 0 after the detach keys, or 1 when the user forced their way out. */
export async function attachAndFollow(ctx: Ctx, io: Io, wanted: string, options: FollowOptions): Promise<number> {
  const detachKeys = options.detachKeys ?? DEFAULT_DETACH_KEYS;
  parseDetachKeys(detachKeys);
  const target = attachTarget(ctx, wanted);
  const stdin = options.stdin && target.openStdin;
  if (target.tty && stdin && !isTerminal(0)) {
    throw new EngineError('ERR_NOT_A_TTY', 'the input device is not a TTY', {
      hint: 'Leave out -t when standard input is a pipe or a file',
    });
  }
  const handlers = {
    stdout: (chunk: Uint8Array) => options.stdout !== false && io.out(chunk),
    stderr: (chunk: Uint8Array) => options.stderr !== false && io.err(chunk),
  };
  const attachment = options.start ? await startAttached(ctx, target.id, handlers) : await attachContainer(ctx, target.id, {}, handlers);
  const end = await runSession(attachment, { stdin, detachKeys, signals: options.signals && !target.tty });
  if (end === 'detached' || end === 'forced') {
    attachment.detach(end === 'detached');
    if (end === 'detached') return 0;
    io.err('skiff: got 3 SIGTERM/SIGINTs, forcefully exiting\nThe container is left as it is: see "skiff ps"\n');
    return 1;
  }
  return end === 'lost' ? settleLost(ctx, target.id) : end.code;
}
