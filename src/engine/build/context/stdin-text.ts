// A Dockerfile that comes by standard input (`-f -`).
import { readStream } from '../../../sys/byte-stream.ts';
import { EngineError } from '../../../sys/errors.ts';

const STDIN = 0;
const LARGEST = 16 << 20;

/** Throws ERR_DOCKERFILE. */
export async function textFromStdin(signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > LARGEST) throw new EngineError('ERR_DOCKERFILE', 'failed to read dockerfile: what comes by standard input is no Dockerfile');
    chunks.push(Buffer.from(chunk));
  };
  await readStream(STDIN, take, signal);
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') throw new EngineError('ERR_DOCKERFILE', 'failed to read dockerfile: the Dockerfile (-) cannot be empty');
  return text;
}
