// What the types of outputs and their attributes mean. What BuildKit knows and we do not is refused by name: an attribute that is accepted does what
// it says.
import { EngineError } from '../../sys/errors.ts';
import type { BuildOptions, OutputSpec } from './model.ts';

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
  'attestation-prefix': 'attestations are about images, and this output is plain files',
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

/** Whether the outputs can be made at all: to be asked before the build. Throws ERR_OUTPUT. */
export function checkOutputs(options: Pick<BuildOptions, 'outputs' | 'tags' | 'platforms' | 'attest' | 'sourceDateEpoch'>): void {
  const { outputs, tags, platforms, attest, sourceDateEpoch } = options;
  for (const output of outputs) {
    checkOutput(output);
    const { type, attributes } = output;
    if (isPushed(output) && tags.length === 0 && !attributes.name) {
      throw refused('tag is needed when pushing to registry', 'Name the image: --tag REGISTRY/NAME:TAG');
    }
    if (isOn(output, 'rewrite-timestamp') && sourceDateEpoch === undefined) {
      throw refused('rewrite-timestamp is specified, but no source-date-epoch was found', 'For example: --build-arg SOURCE_DATE_EPOCH=0');
    }
    const hasIndex = platforms.length > 1 || attest.sbom !== undefined || attest.provenance !== undefined;
    if ((type === 'local' || type === 'tar') && (attest.sbom ?? attest.provenance) !== undefined) {
      throw refused('attestations are about images, and this output is plain files', 'Leave out --sbom and --provenance, or use type=oci');
    }
    if (type === 'docker' && attributes.dest !== undefined && hasIndex) {
      throw refused('docker exporter does not currently support exporting manifest lists', 'Use type=oci, or leave out dest=');
    }
  }
}

export const isPushed = (output: OutputSpec): boolean => output.type === 'registry' || isOn(output, 'push');

/** What a build makes where nothing else is asked for. */
const LOAD: OutputSpec = { type: 'docker', attributes: {} };

/** What a build without `--output` makes is the image in the store. */
export const outputsOrDefault = (outputs: readonly OutputSpec[]): OutputSpec[] => (outputs.length > 0 ? [...outputs] : [LOAD]);

/** Whether the output is an image of the store, or one that is pushed. */
export const isStoreOutput = ({ type, attributes }: OutputSpec): boolean =>
  type === 'image' || type === 'registry' || (type === 'docker' && attributes.dest === undefined);

/** Where an output goes on this machine; undefined: to the store, a registry or nowhere. */
export function placeOf({ type, attributes }: OutputSpec): string | undefined {
  return attributes.dest ?? (type === 'tar' || type === 'oci' ? '-' : undefined);
}

/** An attribute that is true or false, checked by `checkOutputs` already. */
export function isOn({ attributes }: OutputSpec, key: string, otherwise = false): boolean {
  const value = attributes[key];
  return value === undefined ? otherwise : /^(1|t|true)$/i.test(value);
}

function checkOutput(output: OutputSpec): void {
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
