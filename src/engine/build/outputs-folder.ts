// Outputs that are folders. `type=local`: the worker's archive is unpacked here, by the user, so that every file is the user's, whoever owned it in the
// image. A folder that is not there yet is made beside itself and named when it is whole; in one that is there each file is replaced by a whole one,
// and what else is in it stays.
import { accessSync, constants, mkdirSync, openSync, realpathSync, rmdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Granted } from '../../storage/layer-owner.ts';
import type { TarHeader } from '../../storage/tar-header.ts';
import { createTarReader } from '../../storage/tar-reader.ts';
import { createTreePlace } from '../../storage/tree-place.ts';
import { createTreeSink } from '../../storage/tree-sink.ts';
import { readStream } from '../../sys/byte-stream.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { writeOutputFolder } from '../../sys/output-folder.ts';
import { writeFailure } from '../cp/failures.ts';
import type { OutputsOptions } from './outputs.ts';
import { piped } from './outputs-pipe.ts';

const WHAT = 'failed to write the build output';

/** Runs `build` with a descriptor that takes an archive of the folder's files. Throws ERR_BAD_OUTPUT. */
export async function unpackInto<T>(
  place: string,
  { warn, signal }: Pick<OutputsOptions, 'warn' | 'signal'>,
  build: (write: number) => Promise<T>,
): Promise<T> {
  const target = resolve(place);
  const into = (folder: string): Promise<T> => piped((read) => unpack(read, { folder, place, warn, signal }), build);
  const there = statSync(target, { throwIfNoEntry: false });
  if (there) {
    checkFolder(place, target);
    return into(target);
  }
  return withParents(place, dirname(target), async () => {
    const results: T[] = [];
    await writeOutputFolder(place, WHAT, async (folder) => void results.push(await into(folder)));
    return results[0] as T;
  });
}

/** The absolute path of a folder that is to be an OCI image layout, or is one already. Throws ERR_BAD_OUTPUT. */
export function checkLayout(place: string): string {
  const target = resolve(place);
  if (statSync(target, { throwIfNoEntry: false })) {
    checkFolder(place, target);
    return target;
  }
  const parent = dirname(target);
  if (!statSync(parent, { throwIfNoEntry: false })) throw refused(`directory "${dirname(place)}" does not exist`);
  checkFolder(dirname(place), parent);
  return target;
}

async function unpack(
  read: number,
  { folder, place, warn, signal }: { folder: string; place: string; warn: (message: string) => void; signal: AbortSignal },
): Promise<void> {
  const path = Buffer.from(realpathSync(folder)).toString('latin1');
  const sink = createTreeSink({
    place: createTreePlace({ folder: openSync(folder, 'r'), path }),
    ownerOf: ours,
    isOwnerOptional: true,
    onNotice: warn,
  });
  const reader = createTarReader(sink);
  try {
    await readStream(read, (chunk) => reader.write(chunk), signal);
    reader.end();
    sink.finish();
  } catch (error) {
    throw writeFailure(place, error);
  } finally {
    sink.close();
  }
}

// A program that would run as the image's root must not become one that runs as the user for everybody on the machine.
const ours = ({ mode }: TarHeader): Granted => ({ uid: 0, gid: 0, mode: mode & ~0o6000, needsChown: false });

/** Makes what is missing on the way to `parent`; if `work` fails, what was made goes, unless somebody put something there. */
async function withParents<T>(place: string, parent: string, work: () => Promise<T>): Promise<T> {
  const made = makeParents(place, parent);
  try {
    return await work();
  } catch (error) {
    for (const folder of made) removeIfEmpty(folder);
    throw error;
  }
}

function makeParents(place: string, parent: string): string[] {
  const made: string[] = [];
  for (let at = parent; !statSync(at, { throwIfNoEntry: false }); at = dirname(at)) made.push(at);
  try {
    mkdirSync(parent, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw refused(`cannot write "${place}" (${wordOf(error)})`);
  }
  return made;
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody else has put something there.
  }
}

function checkFolder(place: string, target: string): void {
  if (!statSync(target).isDirectory()) throw refused(`"${place}" is no directory`);
  try {
    accessSync(target, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw refused(`cannot write "${place}" (${wordOf(error)})`);
  }
}

const wordOf = (error: unknown): string => (errnoOf(error) === 'EACCES' ? 'permission denied' : (errnoOf(error) ?? 'unknown error'));

const refused = (why: string): EngineError =>
  new EngineError('ERR_BAD_OUTPUT', `${WHAT}: invalid output path: ${why}`, { hint: 'Give the path of a folder that you may write' });
