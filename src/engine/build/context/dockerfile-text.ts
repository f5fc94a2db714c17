// Which file of a context is the Dockerfile, its text, and the ignore file that holds for it: `<Dockerfile>.dockerignore` beside it, else the
// context's own.
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { EngineError, errnoOf } from '../../../sys/errors.ts';
import type { ContextSource } from '../model.ts';
import { nearest } from './nearest.ts';

export interface DockerfileText {
  /** For messages. */
  name: string;
  text: string;
}

export interface DockerfilePlace {
  /** The context's folder; undefined: there is none. */
  folder: string | undefined;
  /** `--file`, as given. */
  file: string | undefined;
  /** The context was fetched: the file lies in it, and no symlink may lead out of it. */
  isFetched: boolean;
}

const DEFAULTS = ['Dockerfile', 'dockerfile', 'Containerfile', 'containerfile'];
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ELOOP: 'too many levels of symbolic links',
};

/** Throws ERR_DOCKERFILE. */
export function readDockerfile(place: DockerfilePlace): DockerfileText & { path: string } {
  const path = pathOf(place);
  const shown = place.file === undefined ? basename(path) : place.file;
  const text = read(path, shown, place);
  if (text.trim() === '') throw new EngineError('ERR_DOCKERFILE', `failed to read dockerfile: the Dockerfile (${shown}) cannot be empty`);
  return { path, name: basename(path), text };
}

function pathOf({ folder, file, isFetched }: DockerfilePlace): string {
  if (file !== undefined) return isFetched ? join(folder ?? '/', file) : resolve(file);
  const base = folder ?? '.';
  const found = DEFAULTS.find((name) => statSync(join(base, name), { throwIfNoEntry: false })?.isFile());
  return join(base, found ?? 'Dockerfile');
}

function read(path: string, shown: string, place: DockerfilePlace): string {
  try {
    if (place.isFetched && place.folder !== undefined) refuseOutside(path, place.folder);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const code = errnoOf(error) ?? '';
    throw new EngineError('ERR_DOCKERFILE', `failed to read dockerfile: open ${shown}: ${WORDS[code] ?? code}`, {
      hint: hintFor(path, place),
      cause: error,
    });
  }
}

function refuseOutside(path: string, folder: string, { code = 'ERR_DOCKERFILE', what = 'dockerfile' } = {}): void {
  const way = relative(realpathSync(folder), realpathSync(path));
  if (!way.startsWith('..') && !isAbsolute(way)) return;
  throw new EngineError(code, `failed to read ${what}: "${relative(folder, path)}" leads out of the build context`);
}

function hintFor(path: string, { folder, file, isFetched }: DockerfilePlace): string {
  if (file !== undefined && !isFetched && folder !== undefined && statSync(join(folder, file), { throwIfNoEntry: false })?.isFile())
    return `The path is one from the current folder; in the context there is one: -f ${join(folder, file)}`;
  const names = namesIn(dirname(path));
  const likely = names.filter((name) => /(?:^|\.)(?:docker|container)file/i.test(name) && !name.endsWith('.dockerignore'));
  const close = likely.length > 0 ? likely.slice(0, 3) : nearest(basename(path), names);
  if (close.length > 0) return `There is ${close.map((name) => `"${name}"`).join(', ')}: name it with -f`;
  return file === undefined ? 'Give the folder that the Dockerfile lies in, or its path with -f' : 'Look at the path that -f gives';
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The lines of the ignore file that holds for the Dockerfile at `path`, as written. `isFetched` as of a DockerfilePlace. Throws ERR_DOCKERIGNORE. */
export function readIgnore(folder: string, path: string | undefined, { isFetched = false } = {}): ContextSource['ignore'] {
  for (const file of [...(path === undefined ? [] : [`${path}.dockerignore`]), join(folder, '.dockerignore')]) {
    try {
      if (isFetched) refuseOutside(file, folder, { code: 'ERR_DOCKERIGNORE', what: basename(file) });
      return { file: basename(file), patterns: readFileSync(file, 'utf8').split(/\r?\n/) };
    } catch (error) {
      if (error instanceof EngineError) throw error;
      const code = errnoOf(error) ?? '';
      if (code === 'ENOENT' || code === 'ENOTDIR') continue;
      throw new EngineError('ERR_DOCKERIGNORE', `failed to read ${basename(file)}: ${WORDS[code] ?? code}`, { cause: error });
    }
  }
  return undefined;
}
