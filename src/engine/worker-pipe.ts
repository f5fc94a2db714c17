// The worker's end of the two pipes to its front. Standard input is read for as long as the worker lives, because its end is the news
// that the front died. A pipe may be non-blocking: EAGAIN waits and goes on.
import { writeSync } from 'node:fs';
import { EngineError, errnoOf } from '../sys/errors.ts';
import type { Job, WorkerEvent, WorkerReply } from './work-messages.ts';

/** The job, from the first line; `onReply` has the later ones, `onEnd` is called when the input ends afterwards. Throws ERR_NO_JOB. */
export async function followInput(onEnd: () => void, onReply: (reply: WorkerReply) => void = () => {}): Promise<Job> {
  const { promise, resolve, reject } = Promise.withResolvers<Job>();
  void (async () => {
    let text = '';
    let isKnown = false;
    const decoder = new TextDecoder();
    for await (const chunk of Bun.stdin.stream()) {
      const lines = (text + decoder.decode(chunk, { stream: true })).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        if (isKnown) onReply(JSON.parse(line) as WorkerReply);
        else resolve(JSON.parse(line) as Job);
        isKnown = true;
      }
    }
    if (!isKnown)
      throw new EngineError('ERR_NO_JOB', 'The worker was given no job', { hint: 'It is started by other commands, not by hand' });
    onEnd();
  })().catch(reject);
  return promise;
}

/** Writes one event line; false when nobody reads any more. */
export function writeEvent(event: WorkerEvent): boolean {
  const line = Buffer.from(`${JSON.stringify(event)}\n`);
  for (let at = 0; at < line.length; ) {
    try {
      at += writeSync(1, line, at);
    } catch (error) {
      if (errnoOf(error) === 'EPIPE') return false;
      if (errnoOf(error) !== 'EAGAIN') throw error;
      Bun.sleepSync(1);
    }
  }
  return true;
}
