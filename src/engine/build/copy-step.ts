// One COPY or ADD. Planned first: the sources are found, and what of them counts becomes the content key, without a look at the rootfs; made only
// when no cache has it: where everything goes is looked up in the rootfs's layers, without mounting them, and written as a layer.
import { shown } from '../../storage/layer-path.ts';
import { EngineError, isDiskFull } from '../../sys/errors.ts';
import { cleanPath } from './context/clean-path.ts';
import { parseGitUrl } from './context/git-url.ts';
import { parseChmod } from './copy/chmod.ts';
import { createKeyMaker } from './copy/content-key.ts';
import { createDestTree, type Instant } from './copy/dest-tree.ts';
import { type FoundSource, findSources } from './copy/find-sources.ts';
import { ownerOf } from './copy/owner.ts';
import { createPause } from './copy/pause.ts';
import { placeSource } from './copy/place-source.ts';
import type { CopySite } from './copy/site.ts';
import { layersTree } from './copy/source-tree.ts';
import { writeLayer } from './copy/write-layer.ts';
import type { BuiltLayer, CopyPlan, CopyStep } from './model.ts';

/**
 * Finds and hashes the sources. The key covers the flags of the step, too, but not the rootfs. Throws ERR_NOT_FOUND in BuildKit's words,
 * ERR_BAD_CHMOD, ERR_BAD_PATTERN, ERR_DOWNLOAD, …; `make` throws ERR_COPY_CONFLICT, ERR_USER_NOT_FOUND, ERR_SOURCE_CHANGED, ERR_NO_SPACE.
 */
export async function planCopy(site: CopySite, step: CopyStep): Promise<CopyPlan> {
  const onPause = createPause(site.signal);
  if (step.chmod !== undefined) parseChmod(step.chmod);
  checkChecksum(step);
  if (step.from.kind === 'layers') await site.cache.need(step.from.layers);
  const sources = await findSources(site, step, onPause).catch(explain);
  const key = createKeyMaker(step, onPause);
  for (const found of sources) {
    if (found.late) key.note(found.late.name, found.late.digest);
    const source = found.late ? found.late.counts : found.source;
    if (source) await key.add(source, found.tree?.hashes);
  }
  for (const hashes of new Set(sources.map(({ tree }) => tree?.hashes))) hashes?.save();
  const { contentKey, files } = key.finish();
  return {
    contentKey,
    get files() {
      return files();
    },
    make: (layers) => make(site, step, { layers, sources }).catch(explain),
  };
}

function explain(error: unknown): never {
  if (!isDiskFull(error)) throw error;
  throw new EngineError('ERR_NO_SPACE', 'Cannot copy: no space left on the device', {
    hint: 'Make room, for instance with: skiff system prune. Nothing of the layer was kept',
    cause: error,
  });
}

function checkChecksum({ checksum, isAdd, sources }: CopyStep): void {
  const refuse = (why: string): never => {
    throw new EngineError('ERR_COPY', why);
  };
  if (checksum === undefined) return;
  if (!isAdd) refuse("checksum can't be specified for COPY");
  if (sources.length !== 1) refuse("checksum can't be specified for multiple sources");
  const [source = ''] = sources;
  const isGit = parseGitUrl(source) !== undefined;
  if (!isGit && !/^https?:\/\//.test(source)) refuse('checksum requires HTTP(S) or Git sources');
  if (!(isGit ? /^[0-9a-fA-F]{7,64}$/ : /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/).test(checksum)) {
    throw new EngineError('ERR_COPY', `invalid checksum digest format: "${checksum}"`, {
      hint: isGit ? 'Give the hash of a commit' : 'For instance: --checksum=sha256:<64 hex digits>',
    });
  }
}

async function make(
  site: CopySite,
  step: CopyStep,
  { layers, sources }: { layers: readonly string[]; sources: readonly FoundSource[] },
): Promise<BuiltLayer | undefined> {
  const onPause = createPause(site.signal);
  await site.cache.need(layers);
  const rootfs = layersTree(site, layers);
  const owner = step.chown === undefined ? undefined : ownerOf(rootfs, step.chown);
  const dest = createDestTree(step.link ? { ...rootfs, stack: [] } : rootfs);
  const options = {
    dest: destOf(step),
    owner,
    chmod: step.chmod === undefined ? undefined : parseChmod(step.chmod),
    at: timeOf(site, sources),
    written: new Set<string>(),
    command: step.isAdd ? 'ADD' : 'COPY',
    onSkip: (path: string) => site.ctx.warn(`Left out "/${shown(path)}": a layer would read its name as the deletion of another file`),
  };
  const opened: (() => void)[] = [];
  try {
    for (const [index, found] of sources.entries()) {
      const late = await found.late?.open();
      if (late) opened.push(late.release);
      const source = late?.source ?? (found.late ? undefined : found.source);
      if (source) placeSource(dest, source, { ...options, source: index });
    }
    return await writeLayer(dest.entries(), { site, onPause });
  } finally {
    for (const release of opened) release();
  }
}

/** Absolute, cleaned, as a byte string; with a slash at its end where a folder is asked for. */
export function destOf({ dest, workdir, isAdd }: Pick<CopyStep, 'dest' | 'workdir' | 'isAdd'>): string {
  if (dest.includes('\0')) throw new EngineError('ERR_COPY_CONFLICT', `${isAdd ? 'ADD' : 'COPY'}: the destination has a NUL in it`);
  const path = cleanPath(dest.startsWith('/') ? dest : `/${workdir}/${dest}`);
  const isFolder = dest === '' || dest === '.' || dest.endsWith('/') || dest.endsWith('/.');
  return Buffer.from(isFolder && path !== '/' ? `${path}/` : path).toString('latin1');
}

/** What is made on the way is as old as the youngest source, so that equal sources make equal layers; a text is of now. */
function timeOf({ ctx, options }: CopySite, sources: readonly FoundSource[]): Instant {
  if (options.sourceDateEpoch !== undefined) return { seconds: options.sourceDateEpoch, nanoseconds: 0 };
  let newest: Instant | undefined;
  for (const found of sources) {
    const source = found.late ? found.late.counts : found.source;
    const entries = source?.kind === 'tree' ? source.entries : [];
    for (const entry of entries) {
      const { stat } = entry.place.found;
      const { seconds, nanoseconds } = (source?.kind === 'tree' && source.fileTime) || {
        seconds: stat.mtimeSeconds,
        nanoseconds: stat.mtimeNanoseconds,
      };
      if (!newest || seconds > newest.seconds || (seconds === newest.seconds && nanoseconds > newest.nanoseconds))
        newest = { seconds, nanoseconds };
    }
  }
  return newest ?? { seconds: Math.floor(ctx.now().getTime() / 1000), nanoseconds: 0 };
}
