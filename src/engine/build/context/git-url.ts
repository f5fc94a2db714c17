// What names a git repository, as a build context or a source of ADD: BuildKit's rules. `git://…`, `ssh://…`, `git@host:path`, `github.com/…`, and
// http(s) where the path ends with `.git`; behind `#` a branch, tag or commit, and behind a colon a folder in the repository. The same may be
// said by a query: `?branch=…&subdir=…`.
import { EngineError } from '../../../sys/errors.ts';
import { cleanPath } from './clean-path.ts';

export interface GitSource {
  /** For git. */
  remote: string;
  /** A branch, a tag, a full name or a commit; undefined: the repository's default branch. */
  ref: string | undefined;
  /** Relative, without `..`; '' is all of it. */
  folder: string;
  /** The commit that the ref must be, or the beginning of its hash. */
  commit: string | undefined;
  keepGitDir: boolean | undefined;
  submodules: boolean;
}

const SCP = /^[\w-]+@[\w.-]+:(?!\/\/)/;
const PROTOCOL = /^(?:git|ssh|https?):\/\//;
const QUERY = new Set(['ref', 'tag', 'branch', 'subdir', 'commit', 'checksum', 'keep-git-dir', 'submodules']);

/** Undefined for what is no git repository. Throws ERR_BAD_GIT_URL. */
export function parseGitUrl(text: string): GitSource | undefined {
  const hash = text.indexOf('#');
  const [address, fragment] = hash < 0 ? [text, ''] : [text.slice(0, hash), text.slice(hash + 1)];
  const isScp = SCP.test(address);
  const isShort = address.startsWith('github.com/');
  if (!isScp && !isShort && !PROTOCOL.test(address)) return undefined;
  const mark = isScp ? -1 : address.indexOf('?');
  const [path, query] = mark < 0 ? [address, ''] : [address.slice(0, mark), address.slice(mark + 1)];
  if (/^https?:/.test(path) && !path.endsWith('.git')) return undefined;
  const asked = queryOf(text, query);
  const colon = fragment.indexOf(':');
  const ref = (colon < 0 ? fragment : fragment.slice(0, colon)) || asked.get('ref') || asked.get('branch') || tagOf(asked) || undefined;
  const folder = (colon < 0 ? '' : fragment.slice(colon + 1)) || asked.get('subdir') || '';
  if (ref?.startsWith('-')) throw bad(text, `"${ref}" is no name of a branch, tag or commit`);
  return {
    remote: isShort ? `https://${path}` : path,
    ref,
    folder: cleanPath(`/${folder}`).slice(1),
    commit: asked.get('commit') || asked.get('checksum') || undefined,
    keepGitDir: flagOf(asked.get('keep-git-dir')),
    submodules: flagOf(asked.get('submodules')) ?? true,
  };
}

const tagOf = (asked: URLSearchParams): string | undefined => (asked.get('tag') ? `refs/tags/${asked.get('tag')}` : undefined);

const flagOf = (text: string | null): boolean | undefined => (text === null ? undefined : text === '' || text === '1' || text === 'true');

function queryOf(text: string, query: string): URLSearchParams {
  const asked = new URLSearchParams(query);
  for (const name of asked.keys()) if (!QUERY.has(name)) throw bad(text, `its query has "${name}", which is not known`);
  return asked;
}

const bad = (text: string, why: string): EngineError =>
  new EngineError('ERR_BAD_GIT_URL', `Invalid git reference "${withoutPassword(text)}": ${why}`, {
    hint: 'For instance: https://example.com/project.git#v1.0:folder',
  });

/** The URL without a user and a password that it may hold. */
export const withoutPassword = (url: string): string => url.replace(/^(\w+:\/\/)[^/]*@/, '$1');
