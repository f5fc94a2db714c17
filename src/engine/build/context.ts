// Where the files of a build come from, as its worker will read them: a folder, with its Dockerfile and the ignore rules that hold for it. What is
// not a folder here is fetched and unpacked first, in the front: as the user, with the user's logins and keys.
import { basename } from 'node:path';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { type DockerfileText, readDockerfile, readIgnore } from './context/dockerfile-text.ts';
import { folderAt } from './context/folder.ts';
import { type ContextPlace, placeOf } from './context/kind.ts';
import type { BuildCalls, BuildJob, BuildRequest, ContextSource, NamedContext } from './model.ts';

export interface ResolvedContext {
  job: BuildJob;
  /** Removes what was fetched for it. */
  release(): Promise<void>;
}

/** Throws ERR_BUILD_CONTEXT, ERR_DOCKERFILE, ERR_DOCKERIGNORE, ERR_GIT, ERR_DOWNLOAD, ERR_ARCHIVE_TRUNCATED, … */
export async function resolveContext(ctx: Ctx, request: BuildRequest, calls: BuildCalls): Promise<ResolvedContext> {
  const removals: (() => void)[] = [];
  const release = async (): Promise<void> => {
    for (const remove of removals.splice(0)) remove();
  };
  try {
    const place = placeOf(request.context);
    if (place.kind === 'stdin' && request.file === '-') {
      throw new EngineError('ERR_BUILD_CONTEXT', "invalid argument: can't use stdin for both build context and dockerfile");
    }
    const files = await filesAt(ctx, { place, request, calls });
    removals.push(files.remove);
    const { dockerfile, context } = await definitionOf(files, request, calls);
    const namedContexts: Record<string, NamedContext> = {};
    for (const [name, value] of Object.entries(request.namedContexts)) {
      const { resolveNamed } = await import('./context/named.ts');
      const resolved = await resolveNamed(ctx, name, value, calls);
      removals.push(resolved.remove);
      namedContexts[name] = resolved.context;
    }
    return { job: { kind: 'build', dockerfile, context, namedContexts, options: request.options }, release };
  } catch (error) {
    await release();
    throw error;
  }
}

interface ContextFiles {
  /** Undefined: the Dockerfile came without a context. */
  folder: string | undefined;
  /** Where that was the context itself. */
  dockerfile: string | undefined;
  isFetched: boolean;
  remove(): void;
}

async function filesAt(
  ctx: Ctx,
  { place, request, calls }: { place: ContextPlace; request: BuildRequest; calls: BuildCalls },
): Promise<ContextFiles> {
  if (place.kind === 'folder') return { folder: folderAt(place.path), dockerfile: undefined, isFetched: false, remove: () => undefined };
  const { contextFromGit, contextFromStdin, contextFromUrl } = await import('./context/fetch.ts');
  const keepGitDir = /^(?:1|true)$/i.test(request.options.buildArgs.BUILDKIT_CONTEXT_KEEP_GIT_DIR ?? '');
  const fetched =
    place.kind === 'stdin'
      ? await contextFromStdin(ctx, calls)
      : place.kind === 'git'
        ? await contextFromGit(ctx, place.source, { ...calls, keepGitDir })
        : await contextFromUrl(ctx, place.url, calls);
  return { ...fetched, isFetched: true };
}

async function definitionOf(
  { folder, dockerfile, isFetched }: ContextFiles,
  { file, dockerfileText }: BuildRequest,
  { signal }: BuildCalls,
): Promise<{ dockerfile: DockerfileText; context: ContextSource }> {
  const contextWith = (path: string | undefined): ContextSource => ({
    folder,
    ignore: folder === undefined ? undefined : readIgnore(folder, path, { isFetched }),
  });
  if (dockerfileText !== undefined) return { dockerfile: { name: 'Dockerfile', text: dockerfileText }, context: contextWith(undefined) };
  if (dockerfile !== undefined) {
    if (file === undefined) return { dockerfile: { name: 'Dockerfile', text: dockerfile }, context: contextWith(undefined) };
    throw new EngineError('ERR_BUILD_CONTEXT', 'ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles', {
      hint: 'What came as the context is a Dockerfile: leave out -f, or send a tar archive',
    });
  }
  if (file === '-') {
    const { textFromStdin } = await import('./context/stdin-text.ts');
    return { dockerfile: { name: 'Dockerfile', text: await textFromStdin(signal) }, context: contextWith(undefined) };
  }
  const { path, text } = readDockerfile({ folder, file, isFetched });
  return { dockerfile: { name: basename(path), text }, context: contextWith(path) };
}
