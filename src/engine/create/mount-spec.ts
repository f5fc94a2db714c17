// `--mount type=bind,source=/a,target=/b,readonly`: Docker's comma-separated fields. What Docker's client checks is checked here; what
// its daemon checks, in mount-check.ts. A field that means nothing here is refused by name, never dropped. Errors are plain: the caller
// adds which flag it was.
import { normalize } from 'node:path';
import type { MountRequest } from '../../storage/records.ts';
import { csvFields } from './csv-fields.ts';
import { parseBytes } from './sizes.ts';
import { wordsProblem } from './volume-spec.ts';

type Draft = Omit<MountRequest, 'Type'> & { Type: string };

const TYPES: readonly MountRequest['Type'][] = ['bind', 'volume', 'tmpfs', 'image'];

/** One `--mount` value. `Source` of a bind is left as given. Throws an Error in Docker's words. */
export function parseMount(text: string): MountRequest {
  const draft: Draft = { Type: 'volume', Target: '' };
  for (const field of csvFields(text.trim())) setField(draft, field);
  if (draft.Type === '') throw new Error('type is required');
  if (draft.Target === '') throw new Error('target is required');
  const type = TYPES.find((known) => known === draft.Type);
  if (!type) throw new Error(`invalid mount config for type "${draft.Type}": mount type unknown`);
  const request: MountRequest = { ...draft, Type: type, Target: normalize(draft.Target).replace(/(.)\/$/, '$1') };
  refuseForeignOptions(request);
  refuseHalfReadOnly(request);
  refuseWords(request);
  return request;
}

function refuseForeignOptions(request: MountRequest): void {
  const { BindOptions, VolumeOptions, ImageOptions, TmpfsOptions } = request;
  const options = { volume: VolumeOptions, image: ImageOptions, bind: BindOptions, tmpfs: TmpfsOptions };
  for (const [type, given] of Object.entries(options)) {
    if (given && type !== request.Type) throw new Error(`cannot mix '${type}-*' options with mount type '${request.Type}'`);
  }
}

function refuseHalfReadOnly({ ReadOnly, BindOptions }: MountRequest): void {
  const { ReadOnlyNonRecursive, ReadOnlyForceRecursive, Propagation } = BindOptions ?? {};
  const asked = ReadOnlyNonRecursive ? 'writable' : 'readonly';
  if ((ReadOnlyNonRecursive || ReadOnlyForceRecursive) && !ReadOnly) {
    throw new Error(`option 'bind-recursive=${asked}' requires 'readonly' to be specified in conjunction`);
  }
  if (ReadOnlyForceRecursive && Propagation !== 'rprivate') {
    throw new Error("option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction");
  }
}

function refuseWords({ Type, Words = [] }: MountRequest): void {
  const [first = ''] = Words;
  if (Words.length > 0 && Type !== 'bind' && Type !== 'volume') {
    throw new Error(`cannot mix '${KEY_OF_WORD[first.replace(/=.*/, '')]}' with mount type '${Type}'`);
  }
  const problem = wordsProblem(Words, Type === 'volume' ? 'volume' : 'bind');
  if (problem) throw new Error(problem);
}

/** podman's keys for what `-v` has as words, and ours for what it has no key for. */
const KEY_OF_WORD: Readonly<Record<string, string>> = {
  ...{ U: 'U', O: 'O', idmap: 'idmap', noidmap: 'idmap', z: 'relabel', Z: 'relabel', upperdir: 'upperdir', workdir: 'workdir' },
};

/** Keys that may stand alone: the same as `=true`. */
const SWITCHES: readonly string[] = ['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive', 'bind-create-src', 'u', 'chown', 'o', 'idmap'];

function setField(draft: Draft, field: string): void {
  const equals = field.indexOf('=');
  const key = (equals === -1 ? field : field.slice(0, equals)).toLowerCase();
  if (equals === -1 && !SWITCHES.includes(key)) throw new Error(`invalid field '${field}' must be a key=value pair`);
  const set = FIELDS[key];
  if (!set) throw new Error(`unexpected key '${key}' in '${field}'`);
  set(draft, equals === -1 ? 'true' : field.slice(equals + 1), key);
}

type Setter = (draft: Draft, value: string, key: string) => void;

const source: Setter = (draft, value) => {
  draft.Source = value;
};
const target: Setter = (draft, value) => {
  draft.Target = value;
};
const readOnly: Setter = (draft, value, key) => {
  draft.ReadOnly = boolean(key, value);
};

const FIELDS: Readonly<Record<string, Setter>> = {
  type: (draft, value) => {
    draft.Type = value.toLowerCase();
  },
  source,
  src: source,
  target,
  dst: target,
  destination: target,
  readonly: readOnly,
  ro: readOnly,
  consistency: (_, value) => {
    // A hint to Docker on other systems; on Linux all are the same.
    if (!['default', 'consistent', 'cached', 'delegated'].includes(value.toLowerCase())) throw new Error(`invalid consistency: ${value}`);
  },
  'bind-propagation': (draft, value) => bind(draft, { Propagation: value.toLowerCase() }),
  'bind-nonrecursive': (draft, value, key) => bind(draft, { NonRecursive: boolean(key, value) }),
  'bind-create-src': (draft, value, key) => bind(draft, { CreateMountpoint: boolean(key, value) }),
  'bind-recursive': (draft, value, key) => bind(draft, recursion(key, value)),
  u: (draft, value, key) => word(draft, boolean(key, value) ? 'U' : ''),
  chown: (draft, value, key) => word(draft, boolean(key, value) ? 'U' : ''),
  o: (draft, value, key) => word(draft, boolean(key, value) ? 'O' : ''),
  upperdir: (draft, value, key) => word(draft, `${key}=${value}`),
  workdir: (draft, value, key) => word(draft, `${key}=${value}`),
  idmap: (draft, value, key) => {
    // podman's maps of one's own are for kernels and file systems that let users map mounts; none does.
    if (value.includes('=') || /[;-]/.test(value)) throw new Error(`invalid value for ${key}: ${value} (must be "true" or "false")`);
    word(draft, boolean(key, value) ? 'idmap' : 'noidmap');
  },
  relabel: (draft, value, key) => {
    const label = { shared: 'z', private: 'Z' }[value.toLowerCase()];
    if (!label) throw new Error(`invalid value for ${key}: ${value} (must be "shared" or "private")`);
    word(draft, label);
  },
  'volume-nocopy': (draft, value, key) => volume(draft, { NoCopy: boolean(key, value) }),
  'volume-subpath': (draft, value) => volume(draft, { Subpath: value }),
  'volume-label': (draft, value) => volume(draft, { Labels: { ...draft.VolumeOptions?.Labels, ...pair(value) } }),
  'volume-driver': (draft, Name) => volume(draft, { DriverConfig: { Options: {}, ...draft.VolumeOptions?.DriverConfig, Name } }),
  'volume-opt': (draft, value) => {
    const { Name = '', Options } = draft.VolumeOptions?.DriverConfig ?? {};
    volume(draft, { DriverConfig: { Name, Options: { ...Options, ...pair(value) } } });
  },
  'image-subpath': (draft, Subpath) => {
    draft.ImageOptions = { Subpath };
  },
  'tmpfs-size': (draft, value, key) => {
    draft.TmpfsOptions = { ...draft.TmpfsOptions, SizeBytes: size(key, value) };
  },
  'tmpfs-mode': (draft, value, key) => {
    const Mode = Number.parseInt(value, 8);
    if (!/^[0-7]+$/.test(value) || Mode > 0xffff_ffff) throw new Error(`invalid value for ${key}: ${value}`);
    draft.TmpfsOptions = { ...draft.TmpfsOptions, Mode };
  },
};

function bind(draft: Draft, change: NonNullable<MountRequest['BindOptions']>): void {
  draft.BindOptions = { ...draft.BindOptions, ...change };
}

function word(draft: Draft, text: string): void {
  if (text !== '') draft.Words = [...(draft.Words ?? []), text];
}

function volume(draft: Draft, change: NonNullable<MountRequest['VolumeOptions']>): void {
  draft.VolumeOptions = { ...draft.VolumeOptions, ...change };
}

function recursion(key: string, value: string): NonNullable<MountRequest['BindOptions']> {
  const known = {
    enabled: {},
    disabled: { NonRecursive: true },
    writable: { ReadOnlyNonRecursive: true },
    readonly: { ReadOnlyForceRecursive: true },
  };
  const word = TRUE.test(value) ? 'enabled' : FALSE.test(value) ? 'disabled' : value;
  const found = Object.entries(known).find(([name]) => name === word)?.[1];
  if (!found) throw new Error(`invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`);
  return found;
}

function pair(text: string): Record<string, string> {
  const equals = text.indexOf('=');
  return equals === -1 ? { [text]: '' } : { [text.slice(0, equals)]: text.slice(equals + 1) };
}

// Go's strconv.ParseBool.
const TRUE = /^(1|t|T|TRUE|true|True)$/;
const FALSE = /^(0|f|F|FALSE|false|False)$/;

function boolean(key: string, value: string): boolean {
  if (TRUE.test(value)) return true;
  if (FALSE.test(value)) return false;
  throw new Error(`invalid value for ${key}: ${value}`);
}

function size(key: string, value: string): number {
  try {
    return parseBytes(value);
  } catch {
    throw new Error(`invalid value for ${key}: ${value}`);
  }
}
