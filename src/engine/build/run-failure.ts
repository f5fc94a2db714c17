// A RUN that failed: what Docker says of it, the end of its output, and how to look around where it failed.
import { EngineError } from '../../sys/errors.ts';
import type { RanStep } from './model.ts';

const MOST_LINES = 20;
const MOST_BYTES = 16 << 10;

export interface OutputTail {
  add(data: Uint8Array): void;
  /** The last lines, without the last newline. */
  text(): string;
}

export function outputTail(): OutputTail {
  let kept = Buffer.alloc(0);
  return {
    add(data) {
      const all = Buffer.concat([kept, data]);
      kept = all.length > 2 * MOST_BYTES ? Buffer.from(all.subarray(all.length - MOST_BYTES)) : all;
    },
    text: () => kept.toString().trimEnd().split('\n').slice(-MOST_LINES).join('\n'),
  };
}

export function failedRun({ args, ran, tail, name }: { args: readonly string[]; ran: RanStep; tail: string; name: string }): EngineError {
  const how = ran.ending === undefined ? `exit code: ${ran.exitCode}` : `${ran.ending}, exit code: ${ran.exitCode}`;
  const output = tail === '' ? [] : ['------', ` > ${name}:`, tail, '------'];
  return new EngineError('ERR_RUN_FAILED', `process ${JSON.stringify(args.join(' '))} did not complete successfully: ${how}`, {
    hint: [...output, 'Look around in it as it was left: the same command with --on-error shell'].join('\n'),
  });
}
