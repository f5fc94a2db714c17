// A pull that a person watches: progress and result on the terminal, Ctrl-C ends it in order. `run` shows it on standard error, because
// standard output is the container's.

import type { LockOptions } from '../engine/lock-pins.ts';
import { pullImage } from '../engine/pull.ts';
import { pullNames } from '../engine/pull-names.ts';
import { createPullProgress } from '../render/pull-progress.ts';
import type { PullResult } from '../runtime/messages-work.ts';
import type { Ctx } from '../sys/context.ts';
import type { Io } from './command.ts';
import { interruptible } from './interruptible.ts';

export interface PullToTerminalOptions {
  ctx: Ctx;
  io: Io;
  reference: string;
  platform?: string | undefined;
  tlsVerify?: boolean | undefined;
  maxLayerBytes?: number | undefined;
  quiet?: boolean | undefined;
  lock?: LockOptions | undefined;
  /** One of several: what came of them all is said by `sayStatus`. */
  isPart?: boolean;
  /** Where progress goes. Default `err`. */
  stream?: 'out' | 'err';
}

/** Pulls and says so; returns what was pulled. Throws as `pullImage`. */
export async function pullToTerminal(options: PullToTerminalOptions): Promise<PullResult> {
  const { ctx, io, reference, platform, tlsVerify, maxLayerBytes, lock, quiet, isPart, stream = 'err' } = options;
  const write = (text: string): void => (stream === 'out' ? io.out(text) : io.err(text));
  const isTerminal = stream === 'out' ? io.stdoutIsTerminal : io.stderrIsTerminal;
  const onProgress = quiet ? () => {} : createPullProgress({ write, isTerminal, columns: io.columns });
  const result = await interruptible((signal) =>
    pullImage(ctx, { reference, platform, tlsVerify, maxLayerBytes, lock, onProgress, signal }),
  );
  if (quiet) return result;
  write(`Digest: ${result.digest}\n`);
  if (!isPart) sayStatus(write, [result], pullNames(reference).familiar);
  return result;
}

/** Docker's last words on a pull of `name`. */
export function sayStatus(write: (text: string) => void, results: readonly PullResult[], name: string): void {
  const isNew = results.some(({ status }) => status === 'downloaded');
  write(`Status: ${isNew ? 'Downloaded newer image' : 'Image is up to date'} for ${name}\n`);
}
