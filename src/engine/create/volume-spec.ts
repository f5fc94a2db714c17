// `-v` as Docker reads it: `/path`, `name:/path[:options]`, `/host:/path[:options]`. Relative host paths must be absolute by now.
// Options are a comma list with at most one of each kind; SELinux labels and consistency words are accepted as Docker accepts them
// on a host where they mean nothing. Podman's options that Docker lacks are refused with a word of their own.
import { existsSync } from 'node:fs';
import { normalize } from 'node:path';
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
  { words: ['z', 'Z'] },
  { words: ['nocopy'], only: 'volume' },
  { words: PROPAGATIONS, only: 'bind' },
  { words: ['consistent', 'cached', 'delegated'], only: 'bind' },
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
  refuseForeign(spec, mode);
  if (mode !== '' && !isMode(mode, type)) throw invalid(spec, `invalid mode: ${mode}`);
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

const FOREIGN: Readonly<Record<string, string>> = {
  U: 'the option "U" (give the files to the user of the container) is not supported: change their owner yourself',
  O: 'the option "O" (an overlay that is thrown away) is not supported: copy the folder, or mount it read-only',
};

function refuseForeign(spec: string, mode: string): void {
  const words = mode.split(',');
  const foreign = words.map((word) => FOREIGN[word]).find(Boolean);
  if (foreign) throw invalid(spec, foreign);
  const problem = labelProblem(words);
  if (problem) throw invalid(spec, problem);
}

/** Why an SELinux label among the words of a mode cannot be set; undefined where there is none, or no SELinux. */
export function labelProblem(words: readonly string[]): string | undefined {
  const label = words.find((word) => word === 'z' || word === 'Z');
  return label && hasSelinux() ? `the option "${label}" is not supported: files are not labelled for SELinux` : undefined;
}

const hasSelinux = (): boolean => existsSync('/sys/fs/selinux/enforce');

function isMode(text: string, type?: 'bind' | 'volume'): boolean {
  const kinds = text
    .split(',')
    .map((word) => OPTION_KINDS.find(({ words, only }) => words.includes(word) && (!only || !type || only === type)));
  return kinds.every((kind) => kind !== undefined) && new Set(kinds).size === kinds.length;
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
