// `-v` as Docker reads it: `/path`, `name:/path[:options]`, `/host:/path[:options]`. Relative host paths must be absolute by now.
// Options are a comma list with at most one of each kind: Docker's, of which the consistency words mean nothing on Linux, and podman's `U`,
// `O`, `upperdir=`, `workdir=` and `idmap`.
import { isAbsolute, normalize } from 'node:path';
import { NAME_PATTERN } from '../../storage/name-pattern.ts';
import { EngineError } from '../../sys/errors.ts';

export interface VolumeSpec {
  type: 'bind' | 'volume';
  /** Host path or volume name; undefined for an anonymous volume. */
  source: string | undefined;
  destination: string;
  /** The options as given. */
  mode: string;
  readOnly: boolean;
  propagation: string;
}

export const PROPAGATIONS: readonly string[] = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];

/** Each kind of option, with the type of mount it is for. */
const OPTION_KINDS: readonly { words: readonly string[]; only?: 'bind' | 'volume' }[] = [
  { words: ['rw', 'ro'] },
  { words: ['U'] },
  { words: ['O'] },
  { words: ['upperdir'] },
  { words: ['workdir'] },
  { words: ['idmap', 'noidmap'], only: 'bind' },
  { words: ['z', 'Z'] },
  { words: ['nocopy'], only: 'volume' },
  { words: PROPAGATIONS, only: 'bind' },
  { words: ['consistent', 'cached', 'delegated'] },
];

/** Throws ERR_VOLUME_SPEC (exit code 125). */
export function parseVolume(spec: string): VolumeSpec {
  const parts = spec.split(':');
  if (parts.length > 3 || parts.some((part) => part === '')) throw invalid(spec);
  const [first = '', second, mode = ''] = parts;
  if (second === undefined)
    return { type: 'volume', source: undefined, destination: destinationOf(spec, first), mode: '', readOnly: false, propagation: '' };
  if (parts.length === 2 && !second.startsWith('/') && isMode(second)) throw invalid(spec);
  const type = first.startsWith('/') ? 'bind' : 'volume';
  if (mode !== '' && !isMode(mode, type)) throw invalid(spec, `invalid mode: ${mode}`);
  const problem = contradiction(mode.split(','));
  if (problem) throw invalid(spec, problem);
  if (type === 'volume') checkVolumeName(first);
  const words = mode.split(',');
  return {
    type,
    source: type === 'bind' ? withoutSlash(normalize(first)) : first,
    destination: destinationOf(spec, second),
    mode,
    readOnly: words.includes('ro'),
    propagation: words.find((word) => PROPAGATIONS.includes(word)) ?? (type === 'bind' ? 'rprivate' : ''),
  };
}

/** Throws unless `name` may name a volume. */
export function checkVolumeName(name: string): void {
  if (NAME_PATTERN.test(name)) return;
  if (name.length === 1) {
    throw new EngineError(
      'ERR_VOLUME_NAME',
      `Create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
      {
        hint: 'To pass a host directory, use an absolute path',
        exitCode: 125,
      },
    );
  }
  throw new EngineError(
    'ERR_VOLUME_NAME',
    `Create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
    { hint: 'To pass a host directory, use an absolute path', exitCode: 125 },
  );
}

/** What is wrong with options that are no single text, of a mount of that type; undefined: nothing. */
export function wordsProblem(words: readonly string[], type: 'bind' | 'volume'): string | undefined {
  if (words.length === 0) return undefined;
  return isMode(words.join(','), type) ? contradiction(words) : `invalid mode: ${words.join(',')}`;
}

/** What an overlay cannot be together with, or lacks. */
function contradiction(words: readonly string[]): string | undefined {
  const folders = ['upperdir', 'workdir'].map((name) => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1));
  const given = folders.filter((folder) => folder !== undefined);
  if (!words.includes('O')) return given.length ? 'upperdir and workdir are folders of the option "O", which is missing' : undefined;
  if (given.length === 1) return 'upperdir and workdir belong together: give both, or neither';
  const relative = given.find((folder) => !isAbsolute(folder));
  if (relative !== undefined) return `the folder '${relative}' must be absolute`;
  const other = words.find((word) => ['U', 'idmap', ...PROPAGATIONS].includes(word));
  return other ? `the options "O" and "${other}" cannot be combined` : undefined;
}

function isMode(text: string, type?: 'bind' | 'volume'): boolean {
  const kinds = text
    .split(',')
    .map(nameOf)
    .map((word) => OPTION_KINDS.find(({ words, only }) => words.includes(word) && (!only || !type || only === type)));
  return kinds.every((kind) => kind !== undefined) && new Set(kinds).size === kinds.length;
}

/** `upperdir=/x` is called `upperdir`; no other word has a value. */
function nameOf(word: string): string {
  const [, name] = /^(upperdir|workdir)=./.exec(word) ?? [];
  return name ?? (['upperdir', 'workdir'].includes(word) ? '' : word);
}

function destinationOf(spec: string, path: string): string {
  if (!path.startsWith('/')) throw invalid(spec, `invalid mount path: '${path}' mount path must be absolute`);
  const destination = withoutSlash(normalize(path));
  if (destination === '/') throw invalid(spec, "invalid specification: destination can't be '/'");
  return destination;
}

const withoutSlash = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);

const invalid = (spec: string, why?: string): EngineError =>
  new EngineError('ERR_VOLUME_SPEC', `Invalid volume specification: '${spec}'${why ? `: ${why}` : ''}`, {
    hint: 'Write it as /host/path:/container/path[:ro] or name:/container/path[:ro]',
    exitCode: 125,
  });
