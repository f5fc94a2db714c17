// The `build` sections of compose files as targets, all of them in the group `default`. Only what a build needs is read; whether the rest of the file is
// right is for who runs it to say. `x-bake` adds what compose has no word for.
import { parseDocument } from 'yaml';
import type { Ctx } from '../../sys/context.ts';
import { messageOf } from '../../sys/errors.ts';
import { interpolate, readDotEnv } from './compose-variables.ts';
import type { Definitions } from './define.ts';
import { fieldName, setField } from './fields.ts';
import type { BakeFile } from './files.ts';
import type { Value } from './hcl/ast.ts';
import { problem } from './hcl/problem.ts';
import { isObject } from './hcl/values.ts';
import { mergeFields } from './merge.ts';
import type { TargetFields } from './model.ts';

/** Throws ERR_BAKE_FILE with the file's name. */
export async function composeTargets(files: readonly BakeFile[], env: Ctx['env']): Promise<Definitions> {
  const variables = { ...(await readDotEnv('.env')), ...env };
  const definitions: Definitions = { targets: [], groups: [] };
  for (const file of files) {
    const at = { file: file.name, line: 1, column: 1 };
    const document = readYaml(file);
    const services = isObject(document) ? (document.services ?? {}) : null;
    if (!isObject(services)) throw problem(at, 'A compose file has services');
    const secrets = isObject(document) && isObject(document.secrets ?? null) ? (document.secrets as Record<string, Value>) : {};
    for (const [name, service] of Object.entries(services)) {
      if (!isObject(service) || service.build === undefined || service.build === null) continue;
      const expanded = interpolate(service, variables, (message) => problem(at, `In the service "${name}": ${message}`));
      try {
        definitions.targets.push({ name: targetName(name), fields: fieldsOf(expanded as Record<string, Value>, secrets), at });
      } catch (error) {
        throw problem(at, `The service "${name}" cannot be built: ${messageOf(error)}`);
      }
    }
  }
  const names = [...new Set(definitions.targets.map(({ name }) => name))].sort();
  if (names.length > 0) definitions.groups.push({ name: 'default', targets: names, at: undefined });
  return definitions;
}

const targetName = (service: string): string => service.replaceAll('.', '_');

function readYaml({ name, text }: BakeFile): Value {
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error) {
    const [start] = error.linePos ?? [];
    throw problem({ file: name, line: start?.line ?? 1, column: start?.col ?? 1 }, error.message.split('\n')[0] ?? 'This is no YAML');
  }
  return document.toJS() as Value;
}

/** Names of a build section → names of targets, where the value is the same. */
const PLAIN: Readonly<Record<string, keyof TargetFields>> = {
  context: 'context',
  dockerfile: 'dockerfile',
  dockerfile_inline: 'dockerfile-inline',
  target: 'target',
  network: 'network',
  no_cache: 'no-cache',
  pull: 'pull',
  platforms: 'platforms',
  tags: 'tags',
  cache_from: 'cache-from',
  cache_to: 'cache-to',
  entitlements: 'entitlements',
};

function fieldsOf(service: Record<string, Value>, secrets: Record<string, Value>): TargetFields {
  const build: Record<string, Value> = isObject(service.build ?? null)
    ? (service.build as Record<string, Value>)
    : { context: service.build ?? '.' };
  const fields: TargetFields = {};
  for (const [word, value] of Object.entries(build)) {
    const name = PLAIN[word];
    if (name) setField(fields, name, value);
  }
  const set = (name: keyof TargetFields, value: Value | undefined): void => {
    if (value !== undefined && value !== null) setField(fields, name, value);
  };
  set('args', mapping(build.args));
  set('labels', mapping(build.labels));
  set('contexts', contexts(build.additional_contexts));
  set('extra-hosts', mapping(build.extra_hosts, /[=:]/));
  set('shm-size', build.shm_size === undefined ? undefined : String(build.shm_size));
  set('ulimits', ulimits(build.ulimits));
  set('ssh', sshList(build.ssh));
  set('secret', secretList(build.secrets, secrets));
  if (!fields.tags?.length && typeof service.image === 'string') fields.tags = [service.image];
  return extended(fields, build['x-bake']);
}

function extended(fields: TargetFields, extension: Value | undefined): TargetFields {
  if (extension === undefined || extension === null) return fields;
  if (!isObject(extension)) throw new Error('x-bake is an object');
  const added: TargetFields = {};
  for (const [word, value] of Object.entries(extension)) {
    const name = fieldName(word);
    if (!name) throw new Error(`x-bake has no "${word}"`);
    // One of a list may stand alone.
    setField(added, name, LISTS.has(name) && !Array.isArray(value) ? [value] : value);
  }
  return mergeFields(fields, added);
}

const LISTS = new Set<string>([
  'tags',
  'cache-from',
  'cache-to',
  'secret',
  'ssh',
  'platforms',
  'output',
  'no-cache-filter',
  'attest',
  'annotations',
]);

/** A map, or a list of `NAME=VALUE`; a name alone has no value. */
function mapping(value: Value | undefined, separator = /=/): Value | undefined {
  if (!Array.isArray(value)) return value;
  return Object.fromEntries(
    value.map((item) => {
      const text = String(item);
      const cut = text.search(separator);
      return cut === -1 ? [text, null] : [text.slice(0, cut), text.slice(cut + 1)];
    }),
  );
}

function contexts(value: Value | undefined): Value | undefined {
  const map = mapping(value);
  if (map === undefined || !isObject(map)) return map;
  const link = (text: string): string => (text.startsWith('service:') ? `target:${targetName(text.slice('service:'.length))}` : text);
  return Object.fromEntries(Object.entries(map).map(([name, of]) => [name, link(String(of))]));
}

function ulimits(value: Value | undefined): Value | undefined {
  if (value === undefined || value === null || !isObject(value)) return undefined;
  const amount = (of: Value): string => (isObject(of) ? `${of.soft}:${of.hard}` : `${of}:${of}`);
  return Object.entries(value).map(([name, of]) => `${name}=${amount(of)}`);
}

function sshList(value: Value | undefined): Value | undefined {
  const map = mapping(value);
  if (map === undefined || map === null || !isObject(map)) return undefined;
  return Object.entries(map).map(([id, path]) => (path === null || path === '' ? id : `${id}=${path}`));
}

function secretList(value: Value | undefined, secrets: Record<string, Value>): Value | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map((item): Value => {
    const source = isObject(item) ? String(item.source) : String(item);
    const id = isObject(item) && typeof item.target === 'string' ? item.target : source;
    const secret = secrets[source];
    if (secret === undefined || !isObject(secret)) throw new Error(`the secret "${source}" is not defined`);
    if (typeof secret.file === 'string') return { id, src: secret.file };
    if (typeof secret.environment === 'string') return { id, env: secret.environment };
    throw new Error(`the secret "${source}" has neither file nor environment`);
  });
}
