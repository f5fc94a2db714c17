// `--mount type=bind,source=/a,target=/b,readonly`: Docker's comma-separated fields (CSV: a field may stand in double quotes). What
// has no meaning here is refused by name, never dropped. Errors are plain: the caller adds which flag it was.
import { isAbsolute, normalize } from 'node:path';
import type { MountRequest } from '../../storage/records.ts';
import { parseBytes } from './sizes.ts';

const ALIASES: Readonly<Record<string, string>> = { src: 'source', dst: 'target', destination: 'target', ro: 'readonly' };

type Draft = Omit<MountRequest, 'Type'> & { Type: string };

/** One `--mount` value. `source` of a bind is left as given. Throws an Error in Docker's words. */
export function parseMount(text: string): MountRequest {
  const draft: Draft = { Type: 'volume', Target: '' };
  for (const field of csvFields(text)) setField(draft, field);
  const { Type } = draft;
  if (!draft.Target) throw new Error('target is required');
  if (!isAbsolute(draft.Target)) throw new Error(`invalid mount path: '${draft.Target}' mount path must be absolute`);
  if (Type !== 'bind' && Type !== 'volume' && Type !== 'tmpfs') throw new Error(`mount type unknown: "${Type}"`);
  if (Type === 'bind' && !draft.Source) throw new Error('invalid mount config for type "bind": field Source must not be empty');
  if (Type === 'tmpfs' && draft.Source) throw new Error('invalid mount config for type "tmpfs": field Source must not be specified');
  const foreign = Object.entries({ bind: draft.BindOptions, volume: draft.VolumeOptions, tmpfs: draft.TmpfsOptions }).find(
    ([type, options]) => options && type !== Type,
  );
  if (foreign) throw new Error(`cannot mix '${foreign[0]}-*' options with mount type '${Type}'`);
  return { ...draft, Type, Target: normalize(draft.Target).replace(/(.)\/$/, '$1') };
}

function setField(draft: Draft, field: string): void {
  const equals = field.indexOf('=');
  const typed = (equals === -1 ? field : field.slice(0, equals)).toLowerCase();
  const name = ALIASES[typed] ?? typed;
  if (equals === -1 && name !== 'readonly' && name !== 'volume-nocopy')
    throw new Error(`invalid field '${field}' must be a key=value pair`);
  const value = equals === -1 ? 'true' : field.slice(equals + 1);
  switch (name) {
    case 'type':
      draft.Type = value.toLowerCase();
      return;
    case 'source':
      draft.Source = value;
      return;
    case 'target':
      draft.Target = value;
      return;
    case 'readonly':
      draft.ReadOnly = boolean(typed, value);
      return;
    case 'bind-propagation':
      if (!/^r?(private|shared|slave)$/.test(value)) throw new Error(`invalid propagation: ${value}`);
      draft.BindOptions = { ...draft.BindOptions, Propagation: value };
      return;
    case 'volume-nocopy':
      draft.VolumeOptions = { ...draft.VolumeOptions, NoCopy: boolean(typed, value) };
      return;
    case 'volume-label': {
      const [label = '', ...rest] = value.split('=');
      draft.VolumeOptions = { ...draft.VolumeOptions, Labels: { ...draft.VolumeOptions?.Labels, [label]: rest.join('=') } };
      return;
    }
    case 'tmpfs-size':
      draft.TmpfsOptions = { ...draft.TmpfsOptions, SizeBytes: size(value) };
      return;
    case 'tmpfs-mode':
      if (!/^[0-7]{1,4}$/.test(value)) throw new Error(`invalid value for ${typed}: ${value}`);
      draft.TmpfsOptions = { ...draft.TmpfsOptions, Mode: Number.parseInt(value, 8) };
      return;
    default:
      throw new Error(`unexpected key '${typed}' in '${field}'`);
  }
}

function boolean(name: string, value: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new Error(`invalid value for ${name}: ${value}`);
}

function size(value: string): number {
  try {
    return parseBytes(value);
  } catch {
    throw new Error(`invalid value for tmpfs-size: ${value}`);
  }
}

/** RFC 4180's fields of one line. */
function csvFields(line: string): string[] {
  const fields = line.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? [];
  // The expression also matches the empty end of the line.
  const texts = fields.slice(0, line === '' || line.endsWith(',') ? undefined : -1).map((field) => field.replace(/,$/, ''));
  return texts.map((field) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field));
}
