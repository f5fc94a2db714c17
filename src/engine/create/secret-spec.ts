// `--secret NAME[,type=mount|env,target=…,uid=,gid=,mode=]`, podman's grammar. Errors are plain: the caller adds which flag it was.
import type { SecretUse } from '../../storage/records.ts';
import { csvFields } from './csv-fields.ts';

/** The secret as it is to be seen; its `ID` is '' until it is looked up. Throws an Error. */
export function parseSecret(text: string): SecretUse {
  const [first = '', ...rest] = csvFields(text);
  const fields = first.includes('=') ? [first, ...rest] : rest;
  const use: Partial<SecretUse> & { source: string } = { source: first.includes('=') ? '' : first };
  for (const field of fields) setField(use, field);
  const { source, Type = 'mount', Target = source, UID, GID, Mode } = use;
  if (source === '') throw new Error(`no source found ${text}: no secret is named`);
  if (Type === 'env' && (UID ?? GID ?? Mode) !== undefined) throw new Error('UID, GID, Mode options cannot be set with secret type env');
  if (Target === '') throw new Error('target must not be empty');
  if (Type === 'env' && /[=\0]/.test(Target)) throw new Error(`target ${Target} is no name of a variable`);
  if (Type === 'mount' && (Target.endsWith('/') || Target.split('/').some((part) => part === '.' || part === '..'))) {
    throw new Error(`target ${Target} is no path of a file`);
  }
  return { ID: '', Name: source, Type, Target, UID: UID ?? 0, GID: GID ?? 0, Mode: Mode ?? 0o444 };
}

function setField(use: Partial<SecretUse> & { source: string }, field: string): void {
  const equals = field.indexOf('=');
  const name = equals === -1 ? field : field.slice(0, equals);
  const value = equals === -1 ? '' : field.slice(equals + 1);
  switch (name) {
    case 'source':
      use.source = value;
      return;
    case 'type':
      if (value !== 'mount' && value !== 'env') throw new Error(`type ${value} is invalid: use mount or env`);
      if (use.Type) throw new Error('cannot set more than one secret type');
      use.Type = value;
      return;
    case 'target':
      use.Target = value;
      return;
    case 'uid':
      use.UID = id(name, value);
      return;
    case 'gid':
      use.GID = id(name, value);
      return;
    case 'mode':
      if (!/^[0-7]{1,4}$/.test(value)) throw new Error(`mode ${value} is invalid: use up to four octal digits`);
      use.Mode = Number.parseInt(value, 8);
      return;
    default:
      throw new Error(`option ${field} is invalid: use type, target, uid, gid and mode`);
  }
}

function id(name: string, value: string): number {
  if (!/^\d{1,10}$/.test(value) || Number(value) > 0xffff_fffe) throw new Error(`${name} ${value} is invalid: use a number`);
  return Number(value);
}
