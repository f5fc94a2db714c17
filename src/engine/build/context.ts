// Where the files of a build come from, as its worker will read them: a folder, with its Dockerfile and the ignore rules that hold for it.
import { readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import type { BuildCalls, BuildJob, BuildRequest, ContextSource } from './model.ts';

export interface ResolvedContext {
  job: BuildJob;
  /** Removes what was fetched for it. */
  release(): Promise<void>;
}

/** Throws ERR_BUILD_CONTEXT, ERR_DOCKERFILE. */
export async function resolveContext(_ctx: Ctx, request: BuildRequest, _calls: BuildCalls): Promise<ResolvedContext> {
  const folder = resolve(request.context);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new EngineError('ERR_BUILD_CONTEXT', `Unable to prepare context: path "${request.context}" not found`, {
      hint: 'Name the folder that the Dockerfile lies in',
    });
  }
  const path = request.file === undefined ? resolve(folder, 'Dockerfile') : resolve(request.file);
  const text = request.dockerfileText ?? readDockerfile(path);
  const context: ContextSource = { folder, ignore: readIgnore(path, folder) };
  const { options } = request;
  return {
    job: { kind: 'build', dockerfile: { name: basename(path), text }, context, namedContexts: {}, options },
    release: async () => undefined,
  };
}

function readDockerfile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new EngineError('ERR_DOCKERFILE', `failed to read dockerfile: open ${basename(path)}: ${errnoOf(error)}`, { cause: error });
  }
}

function readIgnore(dockerfile: string, folder: string): ContextSource['ignore'] {
  for (const file of [`${dockerfile}.dockerignore`, resolve(folder, '.dockerignore')]) {
    try {
      return {
        file: basename(file),
        patterns: readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line.trim() !== '' && !line.startsWith('#')),
      };
    } catch {
      // The next one, or none.
    }
  }
  return undefined;
}
