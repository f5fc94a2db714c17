// Which registries may be spoken to without TLS: those on this machine, and those the user lists in
// `$XDG_CONFIG_HOME/skiff/registries.json` ({"insecure": ["host:port"]}) or in SKIFF_INSECURE_REGISTRIES (comma-separated).
// A broken file is an error that names it: silently ignoring it would look like a TLS problem.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { EngineError, errnoOf } from '../sys/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

const fileSchema = z.strictObject({ insecure: z.optional(z.array(z.string())) });

/** How `registry` (as in a reference) is reached. */
export interface RegistryAccess {
  /** Host and port of its API: Docker Hub's is not `docker.io`. */
  host: string;
  isInsecure: boolean;
  /** Schemes in the order they are tried. */
  schemes: ('http' | 'https')[];
}

/** Throws ERR_REGISTRIES_FILE. `tlsVerify: false` makes this one insecure. */
export function registryAccess(env: Env, registry: string, options: { tlsVerify?: boolean | undefined } = {}): RegistryAccess {
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  if (isLoopback(registry)) return { host, isInsecure: true, schemes: ['http', 'https'] };
  const isInsecure = options.tlsVerify === false || insecureRegistries(env).includes(registry);
  // Where TLS is there it is used, so that credentials stay covered on the wire.
  return { host, isInsecure, schemes: isInsecure ? ['https', 'http'] : ['https'] };
}

function insecureRegistries(env: Env): string[] {
  const listed = (env.SKIFF_INSECURE_REGISTRIES ?? '').split(',').map((name) => name.trim());
  return [...listed.filter(Boolean), ...(readFile(registriesPath(env)).insecure ?? [])];
}

const registriesPath = (env: Env): string => {
  const base = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(env.HOME ?? '/', '.config');
  return join(base, 'skiff/registries.json');
};

function readFile(path: string): z.infer<typeof fileSchema> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return {};
    throw broken(path, errnoOf(error) ?? 'it cannot be read', error);
  }
  try {
    return z.parse(fileSchema, JSON.parse(text));
  } catch (error) {
    throw broken(path, 'it is not of the form {"insecure": ["host:port"]}', error);
  }
}

function broken(path: string, why: string, cause: unknown): EngineError {
  return new EngineError('ERR_REGISTRIES_FILE', `Cannot use "${path}": ${why}`, { hint: 'Correct it or remove it', cause });
}

/** `localhost`, 127.0.0.0/8 and ::1, with any port. */
export function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '');
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
