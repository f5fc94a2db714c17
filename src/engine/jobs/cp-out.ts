// Writes a file or folder of a container to descriptor 3 as a tar archive.
import { idExchange } from '../../runtime/keep-id.ts';
import type { CopyOutJob } from '../../runtime/messages-copy.ts';
import { type TarTreeOptions, tarTree } from '../../storage/tar-tree.ts';
import { closeFd, openPlaceAt } from '../../sys/at.ts';
import { writeStream } from '../../sys/byte-stream.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { fileSystemOf } from '../../sys/look-at.ts';
import { type WalkEnd, walkInRoot } from '../../sys/walk-in-root.ts';
import { readFailure } from '../cp/failures.ts';
import { absolute, meansContents, splitEnd, toBytes } from '../cp/paths.ts';
import { noSuchFile } from './cp-errors.ts';
import { openContainerRoot } from './cp-root.ts';
import type { JobTools } from './tools.ts';

/** File systems without files of their own: what they show is made up, endless or the machine's. */
const MADE_UP = new Set([0x9fa0, 0x62656572, 0x63677270, 0x27e0eb, 0x1cd1, 0x19800202, 0x64626720, 0x74726163, 0x73636673, 0xcafe4a11]);

/** Throws ERR_NO_FILE in Docker's words; ends quietly when nobody reads any more. */
export async function copyOut(ctx: Ctx, job: CopyOutJob, { signal }: JobTools): Promise<null> {
  const root = await openContainerRoot(ctx, { ...job, signal });
  try {
    const path = absolute(job.path);
    const end = find(root.fd, path, job);
    const exchange = idExchange(root.record.HostConfig.UsernsMode);
    try {
      const tree = tarTree({
        ...topOf(end, path, job),
        onNotice: ctx.warn,
        ...(exchange ? { ownerOf: exchange.inner } : {}),
        isHidden: isMadeUp(canonical(end)),
        failure: readFailure(`${job.wanted}:${path}`),
      });
      await writeStream(3, tree, { signal, isOurs: !job.isArchiveWanted });
    } finally {
      closeFd(end.folder);
    }
  } finally {
    root.close();
  }
  return null;
}

function find(root: number, path: string, { followLink, wanted }: CopyOutJob): WalkEnd {
  let end: WalkEnd | undefined;
  try {
    end = walkInRoot(root, toBytes(path), { follow: followLink });
    // It may go between the two.
    if (end.kind && !isOnMadeUp(end)) return end;
  } catch (error) {
    if (end) closeFd(end.folder);
    throw ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')
      ? noSuchFile(path, wanted)
      : readFailure(`${wanted}:${path}`)('', error);
  }
  closeFd(end.folder);
  throw end.kind ? madeUp(path, wanted) : noSuchFile(path, wanted);
}

function isOnMadeUp({ folder, base }: WalkEnd): boolean {
  const fd = openPlaceAt(folder, base);
  try {
    return MADE_UP.has(fileSystemOf(fd).type);
  } finally {
    closeFd(fd);
  }
}

// The top's name in the archive: as the user called it, not as a followed symlink's target is called.
function topOf(
  end: WalkEnd,
  path: string,
  { isArchiveWanted, followLink }: CopyOutJob,
): Pick<TarTreeOptions, 'folder' | 'base' | 'kind' | 'name'> {
  const isWhole = meansContents(path) || path === '/';
  const asked = isArchiveWanted && followLink ? end.base : toBytes(splitEnd(path).base);
  return { folder: end.folder, base: end.base, ...(end.kind ? { kind: end.kind } : {}), name: isWhole || asked === '/' ? '.' : asked };
}

const canonical = ({ folderPath, base }: WalkEnd): string => (base === '.' ? '' : `${folderPath === '/' ? '' : folderPath}/${base}`);

/** Whether a folder below `top` is one of those, or the container's /dev: as in Docker's copies, they come empty. */
function isMadeUp(top: string): TarTreeOptions['isHidden'] {
  return ({ device }, { name, fd, device: parent }) => {
    if (parent < 0 || device === parent) return false;
    const slash = name.indexOf('/');
    return MADE_UP.has(fileSystemOf(fd).type) || `${top}${slash < 0 ? '' : name.slice(slash)}` === '/dev';
  };
}

function madeUp(path: string, wanted: string): EngineError {
  const { message } = noSuchFile(path, wanted);
  return new EngineError('ERR_NO_FILE', message, {
    hint: `It is on a file system that the kernel makes up, as /proc and /sys are: skiff exec ${wanted} cat ${path}`,
  });
}
