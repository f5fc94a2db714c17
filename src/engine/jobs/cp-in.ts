// Unpacks the archive on descriptor 3 into a container.
import { idExchange } from '../../runtime/keep-id.ts';
import type { CopyInJob } from '../../runtime/messages-copy.ts';
import { createInflater } from '../../storage/inflate.ts';
import { createOwnership, type Granted } from '../../storage/layer-owner.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { TarHeader } from '../../storage/tar-header.ts';
import { createTarReader, type TarSink } from '../../storage/tar-reader.ts';
import { createTreeSink } from '../../storage/tree-sink.ts';
import { readStream } from '../../sys/byte-stream.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { writeFailure } from '../cp/failures.ts';
import { openContainerRoot } from './cp-root.ts';
import { openContainerTarget, readOnlyMount } from './cp-target.ts';
import type { JobTools } from './tools.ts';

const STREAM = 3;

/** Throws ERR_NO_FILE, ERR_READ_ONLY, ERR_COPY_CONFLICT in Docker's words, ERR_ARCHIVE, and what writing fails with. */
export async function copyIn(ctx: Ctx, job: CopyInJob, { signal }: JobTools): Promise<null> {
  const root = await openContainerRoot(ctx, { ...job, signal });
  try {
    await unpackInto(openContainerTarget(root.fd, job), ownersOf(job, root.record), { warn: ctx.warn, signal });
  } catch (error) {
    throw explained(error, job);
  } finally {
    root.close();
  }
  return null;
}

async function unpackInto(
  target: ReturnType<typeof openContainerTarget>,
  ownerOf: (header: TarHeader) => Granted,
  { warn, signal }: { warn: Ctx['warn']; signal: AbortSignal },
): Promise<void> {
  const sink = createTreeSink({ ...target, ownerOf, onNotice: warn });
  try {
    await unpack(sink, signal);
    sink.finish();
  } finally {
    sink.close();
  }
}

async function unpack(sink: TarSink, signal: AbortSignal): Promise<void> {
  const reader = createTarReader(sink);
  const inflater = createInflater((data) => reader.write(data));
  let isEmpty = true;
  try {
    await readStream(
      STREAM,
      (chunk) => {
        isEmpty = false;
        inflater.write(chunk);
      },
      signal,
    );
    if (isEmpty) return;
    inflater.end();
    reader.end();
  } finally {
    inflater.close();
  }
}

/** An archive of the user's says whose its files are; what is copied from the machine is root's, unless the user wants otherwise. */
function ownersOf({ source, keepOwners }: CopyInJob, { HostConfig }: ContainerRecord): (header: TarHeader) => Granted {
  const exchange = idExchange(HostConfig.UsernsMode);
  if (source !== undefined && !keepOwners) return exchange ? (header) => ({ ...roots(header), ...exchange.outer(ROOT) }) : roots;
  const ownership = createOwnership();
  return ({ name, mode, ...ids }) => {
    const { uid, gid } = exchange?.outer(ids) ?? ids;
    return { ...ownership.grant(name, uid, gid, mode), needsChown: true };
  };
}

const ROOT = { uid: 0, gid: 0 };

// A setuid bit of somebody else's file would lend root's rights.
const roots = ({ uid, gid, mode }: TarHeader): Granted => ({
  uid: 0,
  gid: 0,
  mode: mode & ~(uid === 0 ? 0 : 0o4000) & ~(gid === 0 ? 0 : 0o2000),
  needsChown: true,
});

function explained(error: unknown, { wanted, path }: CopyInJob): unknown {
  if (errnoOf(error) === 'EROFS') return readOnlyMount();
  if (!(error instanceof EngineError)) return writeFailure(`${wanted}:${path}`, error);
  // The readers of archives were made for layers, and say so.
  if (!error.code.startsWith('ERR_LAYER_')) return error;
  const hint = error.message.includes('is compressed with') ? { hint: 'Decompress it first, such as: xz -dc FILE | skiff cp - …' } : {};
  return new EngineError('ERR_ARCHIVE', error.message.replace('the layer', 'the archive'), { cause: error, ...hint });
}
