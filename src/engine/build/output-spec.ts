// `--output` as it is written (buildx's grammar: CSV, `type=` first or anywhere, or a bare folder) and what of it can be done. What BuildKit knows
// and we do not is refused by name: an attribute that is accepted does what it says.
import { EngineError } from '../../sys/errors.ts';
import { csvFields } from '../create/csv-fields.ts';
import type { OutputSpec } from './model.ts';

type OutputType = OutputSpec['type'];

const LAYERS = ['compression', 'compression-level', 'force-compression', 'oci-mediatypes', 'rewrite-timestamp'];
const IMAGE = ['name', 'push', 'push-by-digest', 'registry.insecure', 'store', 'unpack', ...LAYERS];

const KNOWN: Readonly<Record<OutputType, readonly string[]>> = {
  image: IMAGE,
  registry: IMAGE,
  docker: ['dest', 'name', 'tar', ...LAYERS],
  oci: ['dest', 'name', 'tar', ...LAYERS],
  local: ['dest', 'platform-split'],
  tar: ['dest', 'platform-split'],
  cacheonly: [],
};

/** What BuildKit's exporters have besides, and why it is not here. */
const REFUSED: Readonly<Record<string, string>> = {
  'attestation-prefix': 'attestations of files have fixed names here',
  context: 'there is no other engine to load the image into',
  'dangling-name-prefix': 'an image without a name is found by its id',
  mode: 'files that are in the folder already stay',
  'name-canonical': 'a name with the digest is known once the image is pushed',
  'oci-artifact': 'attestations are written as image manifests, which every registry takes',
  'prefer-nondist-layers': 'every layer may be distributed',
};

const BOOLEANS = new Set([
  'push',
  'push-by-digest',
  'registry.insecure',
  'store',
  'unpack',
  'tar',
  'force-compression',
  'oci-mediatypes',
  'rewrite-timestamp',
  'platform-split',
]);

const COMPRESSIONS: Readonly<Record<string, readonly [number, number]>> = { gzip: [1, 9], zstd: [1, 22], uncompressed: [0, 0] };

export const ANNOTATION = /^annotation(?:-(manifest|index|manifest-descriptor|index-descriptor))?(?:\[([^\]]+)\])?\.(.+)$/;

/** Reads one `--output`. Throws ERR_OUTPUT. */
export function parseOutput(text: string): OutputSpec {
  const fields = fieldsOf(text);
  const [only = ''] = fields;
  if (fields.length === 1 && only === text && !/^(type|dest)=/.test(only)) {
    return checkOutput({ type: only === '-' ? 'tar' : 'local', attributes: { dest: only } });
  }
  const attributes: Record<string, string> = {};
  let type = '';
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals < 0) throw refused(`invalid value ${field}: every field of "${text}" is KEY=VALUE`);
    const key = field.slice(0, equals).trim();
    const value = field.slice(equals + 1);
    if (key.toLowerCase() === 'type') type = value;
    else attributes[/^annotation/i.test(key) ? key : key.toLowerCase()] = value;
  }
  if (type === '') throw refused('type is required for output', 'For example: --output type=local,dest=out');
  if (!Object.hasOwn(KNOWN, type)) {
    throw refused(`"${type}" is no type of output`, `Known are ${Object.keys(KNOWN).sort().join(', ')}`);
  }
  return checkOutput({ type: type as OutputType, attributes });
}

/** `--push`: all that is to become an image goes to its registry. */
export const PUSH: OutputSpec = { type: 'registry', attributes: {} };
/** `--load`, and what a build makes where nothing else is asked for. */
export const LOAD: OutputSpec = { type: 'docker', attributes: {} };

/** What a build without `--output` makes is the image in the store. */
export const outputsOrDefault = (outputs: readonly OutputSpec[]): OutputSpec[] => (outputs.length > 0 ? [...outputs] : [LOAD]);

/** Whether the output is an image of the store, or one that is pushed. */
export const isStoreOutput = ({ type, attributes }: OutputSpec): boolean =>
  type === 'image' || type === 'registry' || (type === 'docker' && attributes.dest === undefined);

/** Where an output goes on this machine; undefined: to the store, a registry or nowhere. */
export function placeOf({ type, attributes }: OutputSpec): string | undefined {
  return attributes.dest ?? (type === 'tar' || type === 'oci' ? '-' : undefined);
}

/** An attribute that is true or false, checked by `parseOutput` already. */
export function isOn({ attributes }: OutputSpec, key: string, otherwise = false): boolean {
  const value = attributes[key];
  return value === undefined ? otherwise : /^(1|t|true)$/i.test(value);
}

function fieldsOf(text: string): string[] {
  try {
    return csvFields(text);
  } catch (error) {
    throw refused(`"${text}" cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

function checkOutput(output: OutputSpec): OutputSpec {
  const { type, attributes } = output;
  for (const [key, value] of Object.entries(attributes)) {
    if (ANNOTATION.test(key) && type !== 'local' && type !== 'tar' && type !== 'cacheonly') continue;
    if (REFUSED[key] !== undefined) throw refused(`the attribute "${key}" of outputs is not supported: ${REFUSED[key]}`);
    if (!KNOWN[type].includes(key)) {
      const known = KNOWN[type].length > 0 ? `Known for it are ${KNOWN[type].join(', ')}` : 'It takes none';
      throw refused(`"${key}" is no attribute of an output of the type "${type}"`, known);
    }
    if (BOOLEANS.has(key) && !/^(0|1|t|f|true|false)$/i.test(value)) {
      throw refused(`non-bool value "${value}" for ${key}`, `For example: ${key}=true`);
    }
  }
  checkCompression(attributes);
  checkDestination(output);
  if (type === 'registry' && attributes.push !== undefined && !isOn(output, 'push')) {
    throw refused('an output of the type "registry" with push=false goes nowhere', 'Use type=image');
  }
  if (attributes.unpack !== undefined && !isOn(output, 'unpack')) throw refused('unpack=false is not supported: layers are kept unpacked');
  return output;
}

function checkCompression({ compression, 'compression-level': level, 'oci-mediatypes': oci }: Record<string, string>): void {
  const range = COMPRESSIONS[compression ?? 'gzip'];
  if (!range) throw refused(`unsupported layer compression type: ${compression}`, 'Known are gzip, zstd and uncompressed');
  if (compression === 'zstd' && oci !== undefined && /^(0|f|false)$/i.test(oci)) {
    throw refused("compression=zstd needs OCI's media types: Docker's know no zstd", 'Leave out oci-mediatypes=false');
  }
  if (level === undefined) return;
  const number = Number(level);
  if (Number.isInteger(number) && level.trim() !== '' && number >= range[0] && number <= range[1]) return;
  throw refused(`invalid compression level "${level}"`, range[1] === 0 ? undefined : `A number from ${range[0]} to ${range[1]}`);
}

function checkDestination(output: OutputSpec): void {
  const { type, attributes } = output;
  const { dest } = attributes;
  if (dest === '') throw refused(`dest is required for ${type} output`);
  if (type === 'local' && dest === undefined)
    throw refused('dest is required for local output', 'For example: --output type=local,dest=out');
  if (type === 'local' && dest === '-') throw refused('dest cannot be stdout for local output', 'type=tar,dest=- writes an archive');
  if (isOn(output, 'tar', true) || (type !== 'oci' && type !== 'docker')) return;
  if (type === 'docker') throw refused('tar=false is for outputs of the type "oci": a folder is an OCI image layout');
  if (dest === undefined || dest === '-') throw refused('dest cannot be stdout for oci output with tar=false', 'Name a folder with dest=');
}

const refused = (what: string, hint?: string): EngineError =>
  new EngineError('ERR_OUTPUT', `Invalid output: ${what}`, hint === undefined ? {} : { hint });
